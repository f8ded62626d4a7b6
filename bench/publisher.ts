/**
 * The load, a process of its own so that its CPU is not ours: publishes seeded samples at a fixed rate and prints one
 * JSON line with what it published. Arguments: <server> <codec> <samples a second> <seconds> <series>.
 */
import { connect, headers } from '@nats-io/transport-node';
import { benchSeries, ENCODERS, latency, seededRandom } from './samples.ts';

const TICK_MS = 10;

async function publish(): Promise<void> {
  const [server = '', codec = '', rateText = '', secondsText = '', seriesText = ''] = process.argv.slice(2);
  const encoder = ENCODERS.find((candidate) => candidate.codec === codec);
  if (encoder === undefined) throw new Error(`codec ${codec}: expected ${ENCODERS.map((e) => e.codec).join(', ')}`);
  const connection = await connect({ servers: server });
  const series = benchSeries(Number(seriesText));
  const random = seededRandom(42);
  const typed = headers();
  typed.set('Content-Type', encoder.contentType);
  const total = Number(rateText) * Number(secondsText);
  const started = process.hrtime.bigint();
  let sent = 0;
  while (sent < total) {
    const elapsedMs = Number(process.hrtime.bigint() - started) / 1e6;
    const due = Math.min(total, Math.floor((elapsedMs / 1_000) * Number(rateText)));
    while (sent < due) {
      const timeNanos = BigInt(Date.now()) * 1_000_000n + BigInt(sent % 1_000_000);
      const items = Array.from({ length: Math.min(encoder.batch, total - sent) }, (_, i) => ({
        series: series[(sent + i) % series.length] as (typeof series)[number],
        value: latency(random),
        timeNanos,
      }));
      connection.publish('tw.metrics.bench', encoder.encode(items), { headers: typed });
      sent += items.length;
    }
    await connection.flush();
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await connection.flush();
  await connection.close();
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  console.log(JSON.stringify({ published: sent, seconds }));
}

publish().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
