import fc from 'fast-check';
import { migrateOptions, parsePercentiles, toggleHidden, DEFAULT_OPTIONS } from './options.ts';
import { describePanel, formatBound, stepPercentiles } from './summary.ts';
import type { PercentileTable } from './percentile.ts';

describe('parsePercentiles', () => {
  it.each([
    ['50, 90, 95, 99, 99.9', [0.5, 0.9, 0.95, 0.99, 0.999]],
    ['p99.99 p50', [0.5, 0.9999]],
    ['90%;90', [0.9]],
    ['0, 100, -1, x, ', []],
  ])('reads %j', (text, quantiles) => expect(parsePercentiles(text)).toEqual(quantiles));

  it('never throws and never yields what is no quantile', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quantiles = parsePercentiles(text);
        expect(quantiles.every((q) => q > 0 && q < 1)).toBe(true);
        expect(quantiles.length).toBeLessThanOrEqual(12);
      }),
    );
  });
});

describe('migrateOptions', () => {
  it('fills defaults, keeps what was saved, and changes nothing the second time', () => {
    const once = migrateOptions({ heatmap: false });
    expect(once).toEqual({ ...DEFAULT_OPTIONS, heatmap: false });
    expect(migrateOptions(once)).toEqual(once);
    expect(migrateOptions(undefined)).toEqual(DEFAULT_OPTIONS);
  });
});

describe('toggleHidden', () => {
  const all = ['p50', 'p90', 'p99'];
  it('isolates, shows all again, and toggles with a modifier', () => {
    expect(toggleHidden([], { name: 'p90', all, append: false })).toEqual(['p50', 'p99']);
    expect(toggleHidden(['p50', 'p99'], { name: 'p90', all, append: false })).toEqual([]);
    expect(toggleHidden(['p50', 'p99'], { name: 'p50', all, append: false })).toEqual(['p90', 'p99']);
    expect(toggleHidden([], { name: 'p90', all, append: true })).toEqual(['p90']);
    expect(toggleHidden(['p90'], { name: 'p90', all, append: true })).toEqual([]);
  });
});

const table: PercentileTable = {
  times: Float64Array.of(1000, 2000),
  totals: Float64Array.of(5000, 412),
  lines: [
    { quantile: 0.5, values: Float64Array.of(1, 2), bounds: Float64Array.of(0.0054299, 0.0054299) },
    { quantile: 0.99, values: Float64Array.of(3, 4), bounds: Float64Array.of(0.0054299, NaN) },
  ],
};

describe('words', () => {
  it('says how sure a percentile is', () => {
    expect(stepPercentiles(table, 0, 10).map(({ name, error, warning }) => [name, error, warning])).toEqual([
      ['p50', '±0.543 %', ''],
      ['p99', '±0.543 %', ''],
    ]);
    expect(stepPercentiles(table, 1, 10)[1]).toMatchObject({ error: '', warning: 'only 412 samples, 1,000 needed' });
  });

  it('rounds a bound up, never down', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 10, noNaN: true }), (bound) => {
        const told = Number(/±([\d.]+) %/.exec(formatBound(bound))?.[1]) / 100;
        expect(told).toBeGreaterThanOrEqual(bound * (1 - 1e-6));
        expect(told).toBeLessThanOrEqual(bound * 1.02);
      }),
    );
  });

  it('describes the panel for a screen reader', () => {
    const format = (value: number): string => `${value} s`;
    expect(describePanel(table, { format, minTailSamples: 10, name: 'venue=XNAS' })).toBe(
      'Percentiles over time of venue=XNAS: 5,412 samples in 2 steps. ' +
        'Last step: p50 2 s, p99 4 s (only 412 samples, 1,000 needed).',
    );
  });
});
