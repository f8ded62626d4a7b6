/** The verdict where one hop became slow while another one recovered, and where traces stand for others. */
import { attributeLatency } from './attribution.ts';
import { trackClocks } from './clock-track.ts';
import type { HopTrace } from './hop-trace.ts';
import { bandOf, rankTraces } from './tail-attribution.ts';

const MS = 1_000_000;

/** Every 20th order waits so long on each of the two hops; what all share differs a little. */
function traces(waits: { readonly a: number; readonly b: number }, from: number): HopTrace[] {
  return Array.from({ length: 2_000 }, (_, i): HopTrace => {
    const isSlow = i % 20 === 7;
    const hop = (name: string, wait: number, jitter: number) => ({
      ...{ name, from: 'host', to: 'host' },
      nanos: MS + (jitter % 101) * 100 + (isSlow ? wait * MS : 0),
    });
    const hops = [hop('a', waits.a, i * 37), hop('b', waits.b, i * 53)];
    return { id: `${from}-${i}`, timeNanos: BigInt(from + i) * 10_000_000n, hops, weight: 1 };
  });
}

it('gives no share of a tail that got faster as a whole', () => {
  const earlier = traces({ a: 10, b: 0 }, 0);
  const { verdict, rows } = attributeLatency(traces({ a: 0, b: 4 }, 2_000), earlier, { quantile: 0.95 });
  expect(verdict).toMatchObject({ kind: 'slow_hop', hops: ['b'], share: null });
  expect(rows.map(({ share }) => share)).toEqual([null, null]);
});

it('gives the share of what the tail lost', () => {
  const earlier = traces({ a: 0, b: 0 }, 0);
  const { verdict } = attributeLatency(traces({ a: 0, b: 4 }, 2_000), earlier, { quantile: 0.95 });
  expect(verdict).toMatchObject({ kind: 'slow_hop', hops: ['b'] });
  expect(verdict.kind === 'slow_hop' ? verdict.share : null).toBeGreaterThan(0.9);
});

describe('a trace with a weight counts as so many traces', () => {
  const again = (list: readonly HopTrace[]): HopTrace[] =>
    list.flatMap((trace) =>
      Array.from({ length: trace.weight }, (_, i) => ({ ...trace, id: `${trace.id}-${i}`, weight: 1 })),
    );
  /** Slow ones stand for themselves, as a reservoir keeps them; others for three. */
  const weighted = (list: readonly HopTrace[]): HopTrace[] =>
    list.map((trace, i) => ({ ...trace, weight: i % 20 === 7 ? 1 : 3 }));

  it('in the standard error of a mean', () => {
    const list = weighted(traces({ a: 10, b: 0 }, 0)).map((trace, i) => ({
      ...trace,
      // A drift, so that the blocks differ.
      hops: trace.hops.map((hop) => ({ ...hop, nanos: hop.nanos + i * (i % 20 === 7 ? 2_000 : 100) })),
    }));
    const [sample, whole] = [list, again(list)].map((rows) =>
      bandOf(rankTraces(rows), { quantile: 0 }, trackClocks(rows)),
    );
    expect(sample?.meanNanos).toBeCloseTo(whole?.meanNanos ?? NaN, 3);
    expect(sample?.standardError).toBeCloseTo(whole?.standardError ?? NaN, 3);
    expect(sample?.hops.get('a')?.standardError).toBeCloseTo(whole?.hops.get('a')?.standardError ?? NaN, 3);
  });

  it('in how many were slower than normal', () => {
    // Five in 9,980 were slow before, which is less than one in a thousand; of the sample's rows it is more.
    const before = traces({ a: 0, b: 0 }, 0).map((trace, i) =>
      i < 5 ? { ...trace, hops: trace.hops.map((hop) => ({ ...hop, nanos: 30 * MS })) } : { ...trace, weight: 5 },
    );
    const touched = (earlier: readonly HopTrace[]): number | undefined =>
      attributeLatency(traces({ a: 20, b: 0 }, 2_000), earlier, { quantile: 0.95 }).rows.find(({ hop }) => hop === 'a')
        ?.touched;
    expect(touched(before)).toBe(98);
    expect(touched(again(before))).toBe(98);
  });
});
