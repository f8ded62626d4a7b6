import fc from 'fast-check';
import type { Fill } from '../../model/event.ts';
import { nanos } from '../../model/time.ts';
import { amountFromNumber, divideRounded, numberFromAmount, numberFromFixed } from '../fixed-point.ts';
import { TradeMeter } from '../performance/closed-trade.ts';
import { PNL_METHODS, type PnlMethod } from './exact-position.ts';
import { byTimeAndId, fillColumnsOf } from './fill-columns.ts';
import { pnlSeries, type PnlSeries, type PnlSeriesRequest } from './pnl-series.ts';
import { PnlBook, type SideFlow } from './pnl.ts';
import { PositionLedger } from './position.ts';
import { rateFromNumber, RateBook, type RatePoint } from './rate-book.ts';

const KEY = { strategy: 's', venue: 'XETR', symbol: 'SAP', account: 'main', currency: 'EUR' };
const at = (timeMs: number): Fill['timeNanos'] => nanos(BigInt(timeMs) * 1_000_000n);

function fillOf(timeMs: number, signed: number, price: number, rest: Partial<Fill> = {}): Fill {
  return {
    ...{ table: 'fills', id: `${timeMs}/${signed}/${price}`, timeNanos: at(timeMs), orderId: 'o', ...KEY },
    ...{ side: signed < 0 ? 'sell' : 'buy', quantity: Math.abs(signed), price, fee: 0, feeCurrency: 'EUR' },
    ...{ liquidity: '', execution: 'new', refersTo: '' },
    ...rest,
  };
}

const EURUSD = (timeMs: number, rate: number): RatePoint => ({ timeMs, base: 'EUR', quote: 'USD', rate });

function seriesOf(fills: readonly Fill[], rest: Partial<PnlSeriesRequest> & { mark?: number } = {}) {
  const { mark = 10, ...request } = rest;
  return pnlSeries(fillColumnsOf(fills), {
    ...{ method: 'average', by: [], figure: 'total', timesMs: [0, 10, 20, 30], markAt: () => () => mark },
    ...request,
  });
}

describe('RateBook', () => {
  const book = new RateBook([
    EURUSD(10, 1.1),
    EURUSD(20, 1.25),
    { timeMs: 12, base: 'USD', quote: 'JPY', rate: 150 },
    { timeMs: 15, base: 'USD', quote: 'CHF', rate: 0.8 },
  ]);
  const rate = (from: string, to: string, timeMs: number): number | null => {
    const held = book.at(from, to, timeMs);
    return held === null ? null : numberFromAmount(held.rate);
  };

  it('is null, not one, where no rate was known at that moment', () => {
    expect([rate('EUR', 'USD', 9), rate('GBP', 'USD', 50), rate('EUR', 'JPY', 11)]).toEqual([null, null, null]);
    expect(rate('GBP', 'GBP', 0)).toBe(1);
  });

  it('takes the newest rate that is not later, directly, the other way round, or by way of dollars', () => {
    expect([rate('EUR', 'USD', 10), rate('EUR', 'USD', 19), rate('EUR', 'USD', 20)]).toEqual([1.1, 1.1, 1.25]);
    expect(rate('USD', 'EUR', 25)).toBe(0.8);
    expect(rate('EUR', 'JPY', 12)).toBeCloseTo(165, 9);
    expect(rate('JPY', 'EUR', 25)).toBeCloseTo(1 / 187.5, 12);
    expect(rate('CHF', 'JPY', 25)).toBeCloseTo(187.5, 9);
    const rupiah = new RateBook([{ timeMs: 0, base: 'BTC', quote: 'IDR', rate: 1_645_678_901 }]);
    expect((Number(rupiah.at('IDR', 'BTC', 1)?.rate) / 1e24) * 1_645_678_901).toBeCloseTo(1, 12);
  });

  it('says how old the older leg is, and until when the answer holds', () => {
    expect(book.at('EUR', 'JPY', 25)).toMatchObject({ sinceMs: 12, untilMs: Infinity });
    expect(book.at('EUR', 'JPY', 13)).toMatchObject({ sinceMs: 10, untilMs: 20 });
  });

  it('holds no rate past its age', () => {
    const strict = new RateBook([EURUSD(10, 1.1)], { maxAgeMs: 5 });
    expect([strict.at('EUR', 'USD', 15)?.untilMs, strict.at('EUR', 'USD', 16)]).toEqual([16, null]);
  });

  it('answers any order of questions as a scan of all points does', () => {
    const points = fc.array(fc.record({ timeMs: fc.nat(50), rate: fc.integer({ min: 1, max: 9 }) }), { maxLength: 12 });
    fc.assert(
      fc.property(points, fc.array(fc.integer({ min: -5, max: 60 })), (list, asked) => {
        const one = new RateBook(list.map(({ timeMs, rate: value }) => EURUSD(timeMs, value)));
        const sorted = [...list].sort((a, b) => a.timeMs - b.timeMs);
        for (const timeMs of asked) {
          const expected = sorted.findLast((point) => point.timeMs <= timeMs);
          expect(one.at('EUR', 'USD', timeMs)?.rate).toBe(expected && rateFromNumber(expected.rate));
        }
      }),
    );
  });
});

describe('profit in a base currency', () => {
  const rates = new RateBook([EURUSD(0, 1.1), EURUSD(15, 1.2), EURUSD(25, 1.3)]);
  const base = { currency: 'USD', rates };
  const fills = [fillOf(5, 100, 10), fillOf(12, -50, 12, { fee: 2 }), fillOf(18, -25, 14)];

  it('converts what is realised at the rate of its fill, what is open at that of the mark, and tells the rest apart (proves: TRD-03)', () => {
    const [row] = seriesOf(fills, { base, mark: 11 }).rows;
    // 100 EUR at 1.1, 100 EUR at 1.2; 25 open with 1 EUR each at 1.3; a fee of 2 EUR at 1.1.
    expect(row).toMatchObject({ currency: 'USD', realised: 230, unrealised: 32.5, total: 262.5, fees: 2.2 });
    // 200 EUR of profit and -2 EUR of fees are worth 1.3 now: 257.4 instead of the 227.8 that were booked.
    expect(row?.effect).toBeCloseTo(29.6, 12);
    expect(row?.net).toBeCloseTo((200 + 25 - 2) * 1.3, 12);
    expect(row?.rateAgeMs).toBe(5);
  });

  it('is empty, with the position counted, where a rate is missing', () => {
    const late = { currency: 'USD', rates: new RateBook([EURUSD(15, 1.2)]) };
    const [row] = seriesOf(fills, { base: late }).rows;
    expect(row).toMatchObject({ realised: null, total: null, net: null, unconvertedPositions: 1 });
    expect(seriesOf(fills, { base: late }).lines[0]?.values).toEqual([0, null, null]);
  });

  it('realised + unrealised + effect is the profit at the rate of now, whatever the rates did', () => {
    const trade = fc.record({
      timeMs: fc.nat(30),
      signed: fc.integer({ min: -9, max: 9 }).filter((quantity) => quantity !== 0),
      price: fc.integer({ min: 1, max: 99 }),
    });
    const point = fc.record({ timeMs: fc.nat(30), rate: fc.integer({ min: 1, max: 400 }) });
    fc.assert(
      fc.property(fc.array(trade), fc.array(point), fc.integer({ min: 1, max: 99 }), (trades, points, mark) => {
        const list = [EURUSD(-1, 1), ...points.map(({ timeMs, rate }) => EURUSD(timeMs, rate / 100))];
        const book = new RateBook(list);
        const booked = trades.map(({ timeMs, signed, price }, i) => fillOf(timeMs, signed, price, { id: String(i) }));
        const [row] = seriesOf(booked, { base: { currency: 'USD', rates: book }, mark }).rows;
        const [own] = seriesOf(booked, { mark }).rows;
        const now = Number(book.at('EUR', 'USD', 30)?.rate) / 1e24;
        expect((row?.total ?? 0) + (row?.effect ?? 0)).toBeCloseTo((own?.total ?? 0) * now, 8);
      }),
    );
  });
});

describe('a line in a base currency', () => {
  const ONE = 10n ** 24n;
  const CURRENCIES = ['EUR', 'CHF', 'USD'] as const;
  const rates = fc.array(
    fc.record({
      timeMs: fc.nat(30),
      base: fc.constantFrom('EUR', 'CHF'),
      quote: fc.constant('USD'),
      rate: fc.integer({ min: 1, max: 400 }).map((ticks) => ticks / 300),
    }),
    { maxLength: 20 },
  );
  const trades = fc.array(
    fc.record({
      timeMs: fc.nat(30),
      signed: fc.integer({ min: -900, max: 900 }).map((ticks) => (ticks || 1) / 100),
      price: fc.integer({ min: 1, max: 9_999 }).map((ticks) => ticks / 100),
      symbol: fc.constantFrom('SAP', 'BMW', 'ABB'),
      currency: fc.constantFrom(...CURRENCIES),
      fee: fc.integer({ min: -9, max: 99 }).map((ticks) => ticks / 100),
      feeCurrency: fc.constantFrom(...CURRENCIES),
    }),
    { maxLength: 40 },
  );
  /** Every booking converted by itself, in bigints that nothing rounds: units of 1e-48. */
  function expected(fills: readonly Fill[], book: RateBook, { mark, method }: { mark: number; method: PnlMethod }) {
    const sums = { realised: 0n, unrealised: 0n, fees: 0n, effect: 0n };
    const at = (currency: string, timeMs: number): bigint | undefined => book.at(currency, 'USD', timeMs)?.rate;
    const books = new Map<string, PositionLedger>();
    let isKnown = true;
    const convert = (amount: bigint, rate: bigint | undefined): bigint => {
      if (rate === undefined && amount !== 0n) isKnown = false;
      return amount * (rate ?? 0n);
    };
    for (const fill of fills) {
      const { symbol, currency, fee, feeCurrency } = fill;
      const timeMs = Number(fill.timeNanos / 1_000_000n);
      const ledger = books.get(symbol + currency) ?? new PositionLedger(method);
      books.set(symbol + currency, ledger);
      const before = ledger.realised;
      ledger.apply(fill);
      const gain = ledger.realised - before;
      const paid = amountFromNumber(fee);
      sums.realised += convert(gain, at(currency, timeMs));
      sums.fees += convert(paid, at(feeCurrency, timeMs));
      sums.effect += convert(gain, at(currency, 30)) - convert(gain, at(currency, timeMs));
      sums.effect -= convert(paid, at(feeCurrency, 30)) - convert(paid, at(feeCurrency, timeMs));
    }
    for (const [key, ledger] of books) sums.unrealised += convert(ledger.unrealised(mark) ?? 0n, at(key.slice(3), 30));
    const told = (sum: bigint): number => numberFromFixed(divideRounded(sum, ONE * 10n ** 12n));
    const total = sums.realised + sums.unrealised;
    return isKnown
      ? { ...mapped(sums, told), total: told(total), net: told(total - sums.fees + sums.effect) }
      : undefined;
  }
  const mapped = <K extends string>(sums: Record<K, bigint>, of: (sum: bigint) => number) =>
    Object.fromEntries(Object.entries<bigint>(sums).map(([name, sum]) => [name, of(sum)])) as Record<K, number>;

  it('is the sum of its bookings at their rates, to the last digit, whatever is summed first', () => {
    const price = fc.integer({ min: 1, max: 9_999 }).map((ticks) => ticks / 100);
    fc.assert(
      fc.property(trades, rates, price, fc.constantFrom(...PNL_METHODS), (drawn, points, mark, method) => {
        const fills = drawn
          .map(({ timeMs, signed, price: at, ...rest }, i) => fillOf(timeMs, signed, at, { ...rest, id: `${i + 100}` }))
          .sort(byTimeAndId);
        const book = new RateBook([{ timeMs: 0, base: 'EUR', quote: 'USD', rate: 1.1 }, ...points]);
        const base = { currency: 'USD', rates: book };
        const sums = expected(fills, book, { mark, method });
        for (const figure of ['total', 'net', 'realised', 'unrealised', 'fees', 'effect'] as const) {
          const { lines, rows } = seriesOf(fills, { base, mark, method, figure });
          expect(lines[0]?.values.at(-1)).toBe(rows[0]?.[figure]);
          if (sums !== undefined && fills.length > 0) expect(rows[0]?.[figure]).toBe(sums[figure]);
          if (fills.length > 0 && sums === undefined) expect(rows[0]?.unconvertedPositions).toBeGreaterThan(0);
        }
        const follow: PnlSeriesRequest['follow'] = (one) => new TradeMeter(one, 'closing-fill');
        const told = ({ lines, rows }: PnlSeries) => [lines.map(({ values }) => values), rows];
        const ask = { base, mark, method };
        expect(told(seriesOf(fills, { ...ask, follow }))).toEqual(told(seriesOf(fills, ask)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('pnlSeries', () => {
  it('tells at each time what a book of everything until then reports', () => {
    const symbol = fc.constantFrom('SAP', 'BMW');
    const trade = fc.record({ timeMs: fc.nat(35), signed: fc.integer({ min: -9, max: 9 }), price: fc.nat(99), symbol });
    fc.assert(
      fc.property(fc.array(trade), fc.array(fc.nat(20), { minLength: 4, maxLength: 4 }), (trades, marks) => {
        const fills = trades.map(({ timeMs, signed, price, symbol: name }, i) =>
          fillOf(timeMs, signed, price, { id: String(i).padStart(3, '0'), symbol: name }),
        );
        const markAt = () => (step: number) => (marks[step] as number) || NaN;
        const { lines } = seriesOf(fills, { by: ['symbol'], markAt });
        const columns = fillColumnsOf(fills);
        for (const [step, timeMs] of [0, 10, 20, 30].entries()) {
          const book = new PnlBook({ method: 'average' });
          book.applyRows(columns, 0, columns.timesMs.filter((one) => one <= timeMs).length);
          for (const row of book.report(['symbol'], () => marks[step] || null)) {
            const line = lines.find(({ group }) => group[0] === row.group[0]);
            expect(line?.values[line.timesMs.indexOf(timeMs)]).toBe(row.total);
          }
        }
      }),
    );
  });

  it('starts equity at the initial one, and moves it with net profit and with cash that comes and goes', () => {
    const flow = (timeMs: number, ledger: SideFlow['ledger'], amount: number): SideFlow => ({
      ...{ key: KEY, timeMs, ledger, amount, currency: 'EUR' },
    });
    const flows = [flow(2, 'capital', 500), flow(22, 'income', -3), flow(25, 'capital', -100), flow(26, 'fees', 1)];
    const { lines } = seriesOf([fillOf(15, 10, 10, { fee: 2 })], {
      ...{ figure: 'equity', initialEquity: 10_000, flows, mark: 12 },
    });
    expect(lines[0]?.timesMs).toEqual([10, 20, 30]);
    expect(lines[0]?.values).toEqual([10_500, 10_500 + 20 - 2, 10_400 + 20 - 2 - 3 - 1]);
    const idle = seriesOf([], { figure: 'equity', initialEquity: 10_000, flows: [flow(0, 'capital', 0)] });
    expect(idle.lines[0]?.values).toEqual([10_000, 10_000, 10_000, 10_000]);
  });

  it('counts fees of another currency and leaves the net open', () => {
    const [row] = seriesOf([fillOf(5, 1, 10, { fee: 1, feeCurrency: 'BNB' })]).rows;
    expect(row).toMatchObject({ total: 0, fees: 0, net: null, foreignFees: 1 });
  });
});

describe('contracts', () => {
  it('an inverse contract earns coins: q * M * (1 / entry - 1 / exit), entry the harmonic mean', () => {
    const ledger = new PositionLedger('average', { multiplier: 100, inverse: true });
    ledger.trade(10, 50_000);
    ledger.trade(10, 40_000);
    expect(ledger.averageCost).toBeCloseTo(2 / (1 / 50_000 + 1 / 40_000), 6);
    ledger.trade(-20, 60_000);
    const expected = 10 * 100 * (1 / 50_000 + 1 / 40_000 - 2 / 60_000);
    expect(numberFromAmount(ledger.realised)).toBeCloseTo(expected, 12);
  });

  it('a multiplier scales what a unit is worth', () => {
    const ledger = new PositionLedger('fifo', { multiplier: 50, inverse: false });
    ledger.trade(2, 4_000.25);
    expect([ledger.averageCost, numberFromAmount(ledger.unrealised(4_001) ?? 0n)]).toEqual([4_000.25, 75]);
  });
});
