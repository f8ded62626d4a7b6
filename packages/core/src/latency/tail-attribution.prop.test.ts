/** Laws of the attribution: parts sum to the whole, whatever the traces, their weights and their clocks. */
import * as fc from 'fast-check';
import { attributeLatency, totalExcess } from './attribution.ts';
import { trackClocks } from './clock-track.ts';
import { hopsBetween, totalNanos, type HopTrace } from './hop-trace.ts';
import { bandOf, correctedNanos, MIN_BAND_TRACES, rankTraces } from './tail-attribution.ts';

const HOSTS = ['a', 'b', 'c', 'a'];

/** A closed way a → b → c → a; stamps of b and c on clocks of their own, anywhere. */
const traces = fc
  .record({
    clocks: fc.tuple(fc.integer({ min: -5e6, max: 5e6 }), fc.integer({ min: -5e6, max: 5e6 })),
    delays: fc.array(fc.tuple(fc.nat(3e6), fc.nat(3e6), fc.nat(3e6)), { minLength: 300, maxLength: 700 }),
  })
  .map(({ clocks: [b, c], delays }) =>
    delays.map((steps, i): HopTrace => {
      let now = BigInt(i) * 10_000_000n;
      const ahead: Readonly<Record<string, bigint>> = { a: 0n, b: BigInt(b), c: BigInt(c) };
      const checkpoints = HOSTS.map((host, h) => {
        now += h === 0 ? 0n : BigInt(steps[h - 1] ?? 0);
        return { name: host, host, timeNanos: now + (ahead[host] ?? 0n) };
      });
      return hopsBetween(`${i}`, checkpoints) as HopTrace;
    }),
  );

it('hops of a closed way sum to its total, with and without the correction of clocks', () => {
  fc.assert(
    fc.property(traces, (list) => {
      const clocks = trackClocks(list);
      for (const trace of list) {
        const corrected = trace.hops.reduce((sum, _, h) => sum + correctedNanos(trace, h, clocks), 0);
        expect(corrected).toBe(totalNanos(trace));
      }
    }),
    { numRuns: 25 },
  );
});

it('contributions sum to the excess of the tail over the median band', () => {
  fc.assert(
    fc.property(traces, fc.constantFrom(0.5, 0.75), (list, quantile) => {
      const attribution = attributeLatency(list, [], { quantile });
      const { tail, median } = attribution;
      if (tail === null || median === null) throw new Error('a band is missing');
      const meanTotal = tail.traces.reduce((sum, trace) => sum + totalNanos(trace), 0) / tail.traces.length;
      expect(tail.meanNanos).toBeCloseTo(meanTotal, 3);
      expect(totalExcess(attribution)).toBeCloseTo(tail.meanNanos - median.meanNanos, 3);
    }),
    { numRuns: 25 },
  );
});

it('no band of fewer than 50 traces says anything', () => {
  fc.assert(
    fc.property(traces, fc.integer({ min: 0, max: MIN_BAND_TRACES - 1 }), (list, count) => {
      const few = list.slice(0, count);
      expect(bandOf(rankTraces(few), { quantile: 0 }, trackClocks(few))).toBeNull();
      expect(attributeLatency(few, []).verdict).toMatchObject({ kind: 'cannot_tell', reason: 'too_few_traces' });
    }),
  );
});
