import fc from 'fast-check';
import { withheld } from '../performance/figure.ts';
import { exposureBy, exposureOf, EXPOSURE_DIMENSIONS, type OpenPosition } from './exposure.ts';
import { LIMITED_FIGURES, limitUse, utilisationOf } from './limit.ts';
import { horizonReturn, portfolioBreakdown } from './portfolio.ts';
import { riskReport } from './risk-report.ts';

const POSITION: OpenPosition = {
  ...{ venue: 'XNAS', currency: 'USD', strategy: 's', symbol: 'AMD', account: '', quantity: 10, mark: 50 },
};
const BOOK: OpenPosition[] = [
  POSITION,
  { ...POSITION, symbol: 'INTC', quantity: -10, mark: 30 },
  { ...POSITION, venue: 'XETR', currency: 'EUR', symbol: 'SAP', quantity: 1, mark: 100, rate: 2 },
];

describe('exposure', () => {
  it('is gross, net, leverage and concentration of the values in one currency', () => {
    const exposure = exposureOf(BOOK, { equity: 500, top: 2 });
    expect(exposure).toMatchObject({ positions: 3, unvalued: 0 });
    const { gross, net, long, short, leverage, topShare } = exposure;
    expect([gross, net, long, short].map(({ value }) => value)).toEqual([1_000, 400, 700, 300]);
    expect([leverage.value, topShare.value]).toEqual([2, 0.8]);
    expect(exposure.concentration.value).toBeCloseTo(0.25 + 0.09 + 0.04, 12);
    expect(exposure.effectiveNames.value).toBeCloseTo(1 / 0.38, 12);
  });

  it('counts a multiplier, and one instrument at two venues as one name', () => {
    const twice = [
      { ...POSITION, multiplier: 5 },
      { ...POSITION, venue: 'BATS' },
    ];
    expect(exposureOf(twice, { equity: null })).toMatchObject({ gross: { value: 3_000 }, concentration: { value: 1 } });
  });

  it('is withheld when a price or a rate is missing, never too small', () => {
    for (const missing of [{ mark: null }, { rate: null }]) {
      const exposure = exposureOf([...BOOK, { ...POSITION, ...missing }], { equity: 500 });
      expect(exposure).toMatchObject({
        positions: 4,
        unvalued: 1,
        gross: withheld('no_mark'),
        leverage: withheld('no_mark'),
      });
    }
    expect(exposureOf([{ ...POSITION, quantity: 0, mark: null }], { equity: 1 })).toMatchObject({
      ...{ positions: 0, unvalued: 0, gross: { value: 0 }, leverage: { value: 0 }, concentration: withheld('empty') },
    });
  });

  it('has no leverage on no capital', () => {
    const leverages = [0, -5, null].map((equity) => exposureOf(BOOK, { equity }).leverage);
    expect(leverages).toEqual(Array(3).fill(withheld('no_capital')));
  });

  it('by any dimension, gross and net add up to the whole', () => {
    const position = fc.record({
      ...{
        venue: fc.constantFrom('a', 'b'),
        currency: fc.constantFrom('USD', 'EUR'),
        strategy: fc.constantFrom('s', 't'),
      },
      ...{ symbol: fc.constantFrom('x', 'y', 'z'), account: fc.constantFrom('', '1') },
      quantity: fc.integer({ min: -100, max: 100 }),
      mark: fc.integer({ min: 1, max: 100 }),
      rate: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(fc.array(position), fc.constantFrom(...EXPOSURE_DIMENSIONS), (book, dimension) => {
        const [whole, parts] = [exposureOf(book, { equity: 1 }), exposureBy(book, dimension, { equity: 1 })];
        for (const name of ['gross', 'net', 'long', 'short'] as const) {
          const sum = [...parts.values()].reduce((total, part) => total + (part[name].value as number), 0);
          expect(sum).toBe(whole[name].value);
        }
        const hhi = whole.concentration.value;
        if (hhi !== null) expect(hhi).toBeGreaterThanOrEqual(1 / 3 - 1e-12);
      }),
    );
  });
});

describe('portfolio', () => {
  it('parts sum to the total (proves: TRD-23)', () => {
    const cash = [
      { currency: 'USD', amount: 600 },
      { currency: 'EUR', amount: -100, rate: 2 },
    ];
    const { total, parts } = portfolioBreakdown(BOOK, cash);
    expect(total.value).toBe(800);
    expect(parts.map(({ kind, name, value }) => [kind, name, value.value])).toEqual([
      ['position', 'AMD', 500],
      ['position', 'INTC', -300],
      ['position', 'SAP', 200],
      ['cash', 'EUR', -200],
      ['cash', 'USD', 600],
    ]);
    expect(parts.reduce((sum, { value }) => sum + (value.value as number), 0)).toBe(total.value);
    expect(parts.reduce((sum, { share }) => sum + (share.value as number), 0)).toBeCloseTo(1, 12);
  });

  it('a part without a price leaves the total unknown', () => {
    const { total, parts } = portfolioBreakdown(
      [{ ...POSITION, mark: null }, POSITION],
      [{ currency: 'USD', amount: 5 }],
    );
    expect([total, parts[0]?.value, parts[1]?.value.value]).toEqual([withheld('no_mark'), withheld('no_mark'), 5]);
    expect(portfolioBreakdown([POSITION], [{ currency: 'USD', amount: -900 }]).parts[0]?.share).toEqual(
      withheld('no_capital'),
    );
  });

  it('returns of 1 h, 24 h and 7 d match the equity series (proves: TRD-24)', () => {
    const HOUR = 3_600_000_000_000n;
    const points = Array.from({ length: 200 }, (_, i) => ({ timeNanos: BigInt(i) * HOUR, equity: 1_000 + i }));
    expect(horizonReturn(points, '1h').value).toBeCloseTo(1_199 / 1_198 - 1, 12);
    expect(horizonReturn(points, '24h').value).toBeCloseTo(1_199 / 1_175 - 1, 12);
    expect(horizonReturn(points, '7d').value).toBeCloseTo(1_199 / 1_031 - 1, 12);
    expect(horizonReturn(points.slice(-100), '7d')).toEqual(withheld('too_short'));
    expect(horizonReturn([], '1h')).toEqual(withheld('empty'));
    const deposit = [{ timeNanos: 199n * HOUR, amount: 1 }];
    expect(horizonReturn(points, '1h', deposit).value).toBeCloseTo(0, 12);
    expect(
      horizonReturn(
        [
          { timeNanos: 0n, equity: 0 },
          { timeNanos: HOUR, equity: 1 },
        ],
        '1h',
      ),
    ).toEqual(withheld('ruined'));
  });
});

describe('limits', () => {
  const values = Object.fromEntries(LIMITED_FIGURES.map((name) => [name, { value: -8 }])) as Parameters<
    typeof limitUse
  >[0];

  it('are used by magnitude; above one they are passed', () => {
    expect(
      limitUse(values, { gross: 10, net: 8, positions: 4 }).map(({ figure, utilisation, breached }) => [
        figure,
        utilisation.value,
        breached,
      ]),
    ).toEqual([
      ['gross', 0.8, false],
      ['net', 1, false],
      ['positions', 2, true],
    ]);
  });

  it('that cannot be measured are unknown, not kept', () => {
    const [use] = limitUse({ ...values, leverage: withheld('no_capital') }, { leverage: 3 });
    expect(use).toMatchObject({ utilisation: withheld('no_capital'), breached: null });
    expect(utilisationOf({ value: 3 }, 0)).toEqual(withheld('no_limit'));
  });
});

it('a value at risk below zero is a profit, which passes no limit', () => {
  const profits = Array.from({ length: 200 }, (_, i) => 500 + (i % 2));
  const report = riskReport({
    positions: [],
    profits,
    equity: [],
    method: 'parametric',
    limits: { valueAtRisk95: 100 },
  });
  expect(report.risk95.valueAtRisk.value).toBeLessThan(-400);
  expect(report.limits).toMatchObject([{ utilisation: { value: 0 }, breached: false }]);
});

it('one call returns all risk figures (proves: TRD-38)', () => {
  const profits = Array.from({ length: 1_000 }, (_, i) => ((i * 7) % 1_000) - 500);
  const equity = [1_000, 1_250, 1_000].map((value, i) => ({ timeNanos: BigInt(i), equity: value }));
  const report = riskReport({
    positions: BOOK,
    profits,
    equity,
    method: 'historical',
    limits: { leverage: 2, drawdown: 0.1 },
  });
  expect(report.observations).toBe(1_000);
  expect(report.risk95.valueAtRisk.value).toBeCloseTo(450.05, 9);
  expect(report.risk99.valueAtRisk.value).toBeCloseTo(490.01, 9);
  expect(report.risk99.expectedShortfall.value).toBeCloseTo(495.5, 9);
  expect([report.exposure.gross.value, report.exposure.leverage.value, report.drawdown.value]).toEqual([1_000, 1, 0.2]);
  expect(report.limits.map(({ figure, breached }) => [figure, breached])).toEqual([
    ['leverage', false],
    ['drawdown', true],
  ]);
});
