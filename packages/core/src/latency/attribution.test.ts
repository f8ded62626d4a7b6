/** The verdict where one hop became slow while another one recovered: the whole tail got faster. */
import { attributeLatency } from './attribution.ts';
import type { HopTrace } from './hop-trace.ts';

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
