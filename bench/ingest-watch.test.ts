import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IngestWatch, microsBySecond, oldestUnstoredMs } from './ingest-watch.ts';

const load = { startedMs: 10_000, seconds: 4, rate: 1_000 };
const marks = (...pairs: readonly (readonly [number, number])[]) => pairs.map(([atMs, value]) => ({ atMs, value }));

it('divides the CPU of each second inside the load by its samples, ascending', () => {
  const cpu = marks([9_500, 1], [10_500, 1.5], [11_500, 1.52], [12_500, 1.53], [13_500, 1.57], [14_500, 9]);
  expect(microsBySecond(cpu, load).map((micros) => Math.round(micros))).toEqual([10, 20, 40]);
  expect(microsBySecond(cpu.slice(0, 2), load)).toEqual([]);
});

it('tells the greatest age of a sample that was sent and is not durable', () => {
  // At 11 s a thousand were sent and 400 are durable: the next one is of 10.4 s.
  expect(oldestUnstoredMs(marks([11_000, 5_400], [12_000, 6_800]), load, 5_000)).toBe(600);
  expect(oldestUnstoredMs(marks([14_700, 8_900]), load, 5_000)).toBe(800);
  expect(oldestUnstoredMs(marks([14_700, 9_000]), load, 5_000)).toBe(0);
});

it('keeps the longest stall of all that was read, whoever read it', async () => {
  const page = (stall: number): string => `tapewatch_event_loop_delay_seconds{quantile="1"} ${stall}\n`;
  const server = createServer((_, response) => void response.end(page(0.003))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const watch = new IngestWatch({ http, sidecarPid: process.pid });
  for (const stall of [0.01, 0.08, 0.02]) watch.take(page(stall));
  expect((await watch.end(load, 0)).stallMs).toBeCloseTo(80);
  server.close();
});
