/** The estimate against closed forms; its coverage is measured by `npm run bench -- attribution`. */
import { seededUniform } from '../stats/seeded-generator.ts';
import { fitLine } from '../stats/least-squares.ts';
import { costPerMs, MIN_COST_FILLS, type TimedFill } from './cost-per-ms.ts';

function fills(count: number, bps: (latencyMs: number, load: number) => number): TimedFill[] {
  const uniform = seededUniform(3);
  return Array.from({ length: count }, (_, i) => {
    const load = uniform();
    const latencyMs = 1 + uniform() + 5 * load;
    const slippageBps = bps(latencyMs, load) + uniform() - 0.5;
    return { timeNanos: BigInt(i), latencyMs, slippageBps, notional: 1_000, stale: false, load: [load] };
  });
}

it('without load it is the slope of least squares', () => {
  const list = fills(500, (ms) => 0.3 * ms).map((fill) => ({ ...fill, load: [] }));
  const line = fitLine(
    list.map(({ latencyMs }) => latencyMs),
    list.map(({ slippageBps }) => slippageBps),
  );
  const cost = costPerMs(list);
  expect(cost.bpsPerMs).toBeCloseTo(line?.slope.value ?? NaN, 10);
  // Errors here are independent, so both standard errors estimate the same.
  expect((cost.standardError ?? 0) / (line?.slope.standardError ?? 1)).toBeCloseTo(1, 0);
  expect(cost.moneyPerMs).toBeCloseTo(((cost.bpsPerMs ?? 0) / 1e4) * 500_000, 9);
});

it('does not charge milliseconds for what the load costs', () => {
  const market = fills(2_000, (_, load) => 20 * load);
  const cost = costPerMs(market);
  expect(Math.abs(cost.bpsPerMs ?? 1)).toBeLessThan(0.1);
  expect(cost.lower).toBeLessThan(0);
  expect(cost.upper).toBeGreaterThan(0);
  const blind = costPerMs(market.map((fill) => ({ ...fill, load: [] })));
  expect(blind.bpsPerMs).toBeGreaterThan(2);
});

it('leaves fills with a stale quote out and counts them', () => {
  const clean = fills(1_000, (ms) => 0.5 * ms);
  const stale = clean.slice(0, 50).map((fill) => ({ ...fill, stale: true, slippageBps: 1_000 }));
  expect(costPerMs([...stale, ...clean])).toEqual({ ...costPerMs(clean), staleExcluded: 50 });
});

it('withholds what it cannot know, with the reason', () => {
  expect(costPerMs(fills(MIN_COST_FILLS - 1, () => 0))).toMatchObject({ bpsPerMs: null, withheld: 'too_few_fills' });
  const equal = fills(300, () => 0).map((fill) => ({ ...fill, latencyMs: 2 }));
  expect(costPerMs(equal)).toMatchObject({ lower: null, moneyPerMs: null, withheld: 'latency_does_not_vary' });
});
