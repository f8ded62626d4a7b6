/**
 * The publisher for the measurement of core NATS, a process of its own; at most four chunks ahead of the reader, who says
 * on `bench.credit` when it has taken one. Arguments: <server> <subject> <bytes> <messages>.
 */
import { connect, headers, type PublishOptions } from '@nats-io/transport-node';

export const CHUNK = 1_000;
const CHUNKS_AHEAD = 4;

export function sampleMessage(bytes: number): { payload: Uint8Array; options: PublishOptions } {
  const typed = headers();
  typed.set('Content-Type', 'application/json');
  return { payload: new Uint8Array(bytes).fill(120), options: { headers: typed } };
}

async function publish([server = '', subject = '', bytes = '0', count = '0']: readonly string[]): Promise<void> {
  const connection = await connect({ servers: server });
  let credit = CHUNKS_AHEAD;
  let wake: () => void = () => undefined;
  connection.subscribe('bench.credit', {
    callback: () => {
      credit++;
      wake();
    },
  });
  await connection.flush();
  const { payload, options } = sampleMessage(Number(bytes));
  for (let sent = 0; sent < Number(count); sent += CHUNK) {
    while (credit === 0) await new Promise<void>((resolve) => (wake = resolve));
    credit--;
    for (let i = 0; i < CHUNK; i++) connection.publish(subject, payload, options);
    await connection.flush();
  }
  await connection.close();
}

// This file is imported for its message, too.
if (process.argv[1]?.includes('core-publisher') === true) {
  publish(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
