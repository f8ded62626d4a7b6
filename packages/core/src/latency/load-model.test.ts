/** A model market: latency follows the load; then a fault without load, then load without a fault. */
import { seededUniform } from '../stats/seeded-generator.ts';
import { commonMode, LoadModel, type LoadPoint, type LoadWindow } from './load-model.ts';

/** Windows of 250 ms; `extraMs` is a fault, `burst` multiplies the market's activity. */
function market(windows: number, extraMs: (i: number) => number, burst: (i: number) => number): LoadPoint[] {
  const uniform = seededUniform(5);
  const model = new LoadModel();
  return Array.from({ length: windows }, (_, i) => {
    const activity = burst(i) * Math.exp(2 * uniform() - 1);
    const window: LoadWindow = {
      endMs: i * 250,
      latencyMs: Math.expm1(0.5 + 0.4 * Math.log(activity) + 0.1 * (uniform() - 0.5)) + extraMs(i),
      messages: Math.round(200 * activity),
      trades: Math.round(50 * activity),
      realisedVariance: 1e-9 * activity,
    };
    return model.next(window);
  });
}

it('calls a delay without load a fault and expects the delay of the load', () => {
  const points = market(
    800,
    (i) => (i >= 600 && i < 608 ? 3 : 0),
    () => 1,
  );
  expect(points.slice(601, 608).map(({ verdict }) => verdict)).toContain('fault');
  expect(points.slice(240, 600).filter(({ verdict }) => verdict === 'fault')).toEqual([]);
  expect(points.slice(0, 239).every(({ verdict }) => verdict === 'warming_up')).toBe(true);
  const { observedMs, expectedMs } = points[500] as LoadPoint;
  expect(Math.abs((observedMs ?? 0) - (expectedMs ?? 0))).toBeLessThan(0.3);
});

it('calls a delay that the load explains the market', () => {
  const points = market(
    800,
    () => 0,
    (i) => (i >= 600 && i < 608 ? 60 : 1),
  );
  const verdicts = points.slice(601, 608).map(({ verdict }) => verdict);
  expect(verdicts).toContain('market');
  expect(verdicts).not.toContain('fault');
});

it('a long fault does not become normal at once', () => {
  const points = market(
    900,
    (i) => (i >= 600 ? 3 : 0),
    () => 1,
  );
  expect(points.slice(602, 680).every(({ verdict }) => verdict === 'fault')).toBe(true);
});

it('windows without messages say nothing', () => {
  const model = new LoadModel();
  const empty = { endMs: 0, latencyMs: null, messages: 0, trades: 0, realisedVariance: 0 };
  expect(model.next(empty)).toMatchObject({ verdict: 'no_data', residualZ: null, expectedMs: null });
});

it('tells the host from a venue', () => {
  expect(commonMode(['fault', 'fault', 'normal'])).toBe('host');
  expect(commonMode(['fault', 'normal', 'market'])).toBe('venue');
  expect(commonMode(['fault'])).toBe('venue');
  expect(commonMode(['normal', 'market', 'no_data'])).toBeUndefined();
});

it('the score of a fault is beyond the threshold exactly where the verdict is a fault', () => {
  const points = market(
    900,
    (i) => (i % 97 === 0 || (i >= 600 && i < 640) ? 3 : 0),
    () => 1,
  );
  for (const { faultScore, verdict } of points) expect((faultScore ?? 0) > 3.5).toBe(verdict === 'fault');
});
