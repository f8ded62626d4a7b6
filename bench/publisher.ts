/**
 * The load, a process of its own so that its CPU is not ours: publishes messages at a fixed rate, stamped when they are
 * sent, and prints one JSON line with what it published. Argument: one JSON object (`PublishPlan`).
 */
import { connect, headers, type MsgHdrs } from '@nats-io/transport-node';
import { Stamp } from './message/stamp.ts';
import { contentTypeOf, templates, type BenchCodec } from './templates.ts';

/** Distance of two bursts. The stamps of a burst are its time of sending, so this is part of no latency. */
const TICK_MS = 2;

export interface PublishPlan {
  readonly server: string;
  readonly subject: string;
  readonly codec: BenchCodec;
  /** Samples a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly series: number;
}

export interface PublishReport {
  readonly published: number;
  readonly observations: number;
  readonly seconds: number;
  /** When the first message was due, by the wall clock. */
  readonly startedMs: number;
}

async function publish({ server, subject, codec, rate, seconds, series }: PublishPlan): Promise<PublishReport> {
  const connection = await connect({ servers: server });
  const messages = templates(codec, series);
  const options = publishOptions(codec);
  const total = rate * seconds;
  const stamp = new Stamp();
  const [started, startedMs] = [performance.now(), Date.now()];
  let [published, observations, next] = [0, 0, 0];
  while (published < total) {
    const due = Math.min(total, ((performance.now() - started) / 1_000) * rate);
    stamp.set(BigInt(Date.now()) * 1_000_000n + BigInt(next % 1_000_000));
    // A template is written again only after all others, long after the client has sent it.
    for (const burstEnd = next + messages.length / 2; published < due && next < burstEnd; next++) {
      const message = messages[next % messages.length] as (typeof messages)[number];
      stamp.putInto(message);
      connection.publish(subject, message.payload, options);
      published += message.samples;
      observations += message.observations;
    }
    await connection.flush();
    if (published >= due) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await connection.flush();
  const elapsed = (performance.now() - started) / 1_000;
  await connection.close();
  return { published, observations, seconds: elapsed, startedMs };
}

/** Some formats are told by their first byte, or by the stream: what is sent without a header costs the broker less. */
function publishOptions(codec: BenchCodec): { headers?: MsgHdrs } {
  const contentType = contentTypeOf(codec);
  if (contentType === '') return {};
  const typed = headers();
  typed.set('Content-Type', contentType);
  return { headers: typed };
}

publish(JSON.parse(process.argv[2] ?? '{}') as PublishPlan).then(
  (report) => console.log(JSON.stringify(report)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
