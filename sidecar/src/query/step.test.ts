import fc from 'fast-check';
import { TapewatchError } from '../errors.ts';
import { MAX_HEATMAP_STEPS, MAX_POINTS_PER_SERIES } from './limit.ts';
import { expandMacros } from './macro.ts';
import { parseStep, resolveStep, roundUp } from './step.ts';

const HOUR_MS = 3_600_000;
const START_MS = 1_767_607_200_000;
const envelope = (spanMs: number, intervalMs: number, maxDataPoints = 1_000) => ({
  startMs: START_MS + 123,
  endMs: START_MS + 123 + spanMs,
  intervalMs,
  maxDataPoints,
  fromAlert: false,
});

describe('resolveStep', () => {
  it("takes Grafana's interval and puts both ends on its grid", () => {
    const { range, notices } = resolveStep(envelope(HOUR_MS, 15_000), 0, MAX_POINTS_PER_SERIES);
    expect(range).toEqual({ startMs: START_MS, endMs: START_MS + HOUR_MS, stepMs: 15_000 });
    expect(notices).toEqual([]);
  });

  it('is not finer than minStep', () => {
    expect(resolveStep(envelope(HOUR_MS, 15_000), 60_000, MAX_POINTS_PER_SERIES).range.stepMs).toBe(60_000);
  });

  it('widens to a round step when far more points would come than can be drawn', () => {
    expect(resolveStep(envelope(24 * HOUR_MS, 1_000, 500), 0, MAX_POINTS_PER_SERIES).range.stepMs).toBe(300_000);
  });

  it('keeps what a Grafana rule asks for by default: 1 s, 43,200 points', () => {
    expect(resolveStep(envelope(600_000, 1_000, 43_200), 0, MAX_POINTS_PER_SERIES).range.stepMs).toBe(1_000);
  });

  it('says when the limit of steps raised it', () => {
    const { range, notices } = resolveStep(envelope(HOUR_MS, 1_000, 5_000), 0, MAX_HEATMAP_STEPS);
    expect(range.stepMs).toBe(15_000);
    expect(notices).toEqual([{ severity: 'info', text: expect.stringContaining('from 1s to 15s') as unknown }]);
  });

  it('never yields more steps than the limit, and always a grid', () => {
    const span = fc.integer({ min: 0, max: 400 * 24 * HOUR_MS });
    fc.assert(
      fc.property(
        span,
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 1, max: 50_000 }),
        (ms, interval, points) => {
          const { range } = resolveStep(envelope(ms, interval, points), 0, MAX_POINTS_PER_SERIES);
          expect((range.endMs - range.startMs) / range.stepMs).toBeLessThanOrEqual(MAX_POINTS_PER_SERIES + 1);
          expect([range.startMs % range.stepMs, range.endMs % range.stepMs]).toEqual([0, 0]);
        },
      ),
    );
  });

  it('names a bad minStep', () => {
    expect(parseStep(' 15s ', 'minStep')).toBe(15_000);
    expect(parseStep('', 'minStep')).toBe(0);
    for (const text of ['soon', '0', '-1s', '15']) expect(() => parseStep(text, 'minStep')).toThrow(TapewatchError);
  });

  it('rounds past a day to whole days', () => {
    expect(roundUp(86_400_001)).toBe(2 * 86_400_000);
  });
});

describe('expandMacros', () => {
  const context = { startMs: 0, endMs: 3_600_000, stepMs: 15_000, minStepMs: 0 };

  it.each([
    ['rate(x[$__interval])', 'rate(x[15s])'],
    ['rate(x[$__rate_interval])', 'rate(x[16s])'],
    ['rate(x[${__rate_interval}])', 'rate(x[16s])'],
    ['increase(x[$__range])', 'increase(x[1h])'],
    ['x / $__range_s + $__interval_ms + $__range_ms', 'x / 3600 + 15000 + 3600000'],
    ['rate(x[$__unknown])', 'rate(x[$__unknown])'],
  ])('%s', (text, expected) => {
    expect(expandMacros(text, context)).toBe(expected);
  });

  it('a rate covers at least four samples of the finest spacing', () => {
    expect(expandMacros('$__rate_interval', { ...context, stepMs: 1_000 })).toBe('4s');
    expect(expandMacros('$__rate_interval', { ...context, stepMs: 15_000, minStepMs: 15_000 })).toBe('1m');
  });
});
