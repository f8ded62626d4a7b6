/** The level from which a feed's latency counts, over hours in which clocks are set and drift. */
import { FeedLoad } from './feed-load.ts';

const MINUTE_MS = 60_000;

/** Latency of the windows of the last minute of so many; a message a second, `delayOf` by the minute. */
function lastLatencies(minutes: number, delayOf: (minute: number) => number): number[] {
  const load = new FeedLoad();
  const found: number[] = [];
  for (let ms = 0; ms < minutes * MINUTE_MS; ms += 1_000) {
    const minute = ms / MINUTE_MS;
    const wave = (ms / 1_000) % 3;
    for (const { latencyMs, endMs } of load.add({
      timeMs: ms,
      delayMs: delayOf(minute) + wave,
      mid: 100,
      trade: false,
    })) {
      if (endMs > (minutes - 1) * MINUTE_MS && latencyMs !== null) found.push(latencyMs);
    }
  }
  return found;
}

it('counts from the fastest message', () => {
  const latencies = lastLatencies(3, () => -1_275);
  expect(Math.min(...latencies)).toBe(0);
  expect(Math.max(...latencies)).toBe(2);
});

it('takes a clock that was set for the new zero after ten minutes', () => {
  expect(Math.max(...lastLatencies(30, (minute) => (minute < 15 ? 0 : 1_000)))).toBe(2);
});

it('does not add a drifting clock up', () => {
  // 10 ppm, 0.6 ms a minute: 144 ms after four hours.
  expect(Math.max(...lastLatencies(240, (minute) => 0.6 * minute))).toBeLessThan(9);
});
