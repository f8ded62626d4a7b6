import { numberFromAmount, fixedFromNumber, numberFromFixed } from '../fixed-point.ts';
import type { PnlMethod } from './exact-position.ts';
import { PositionLedger, type PositionFill } from './position.ts';

function fill(side: 'buy' | 'sell', quantity: number, price: number): PositionFill {
  return { side, quantity, price };
}

function booked(method: PnlMethod, fills: readonly PositionFill[]): PositionLedger {
  const ledger = new PositionLedger(method);
  for (const one of fills) ledger.apply(one);
  return ledger;
}

describe('PositionLedger', () => {
  const buys = [fill('buy', 1, 100), fill('buy', 1, 100), fill('buy', 1, 130), fill('buy', 1, 130)];

  it('books FIFO as beancount does: lots 1@100 and 2@130, sell 2@150', () => {
    const ledger = booked('fifo', [fill('buy', 1, 100), fill('buy', 2, 130), fill('sell', 2, 150)]);
    expect(numberFromAmount(ledger.realised)).toBe(70);
    expect(ledger.averageCost).toBe(130);
  });

  it('splits profit differently by method and agrees on the whole', () => {
    const trades = [...buys, fill('sell', 2, 150)];
    const fifo = booked('fifo', trades);
    const average = booked('average', trades);
    expect(numberFromAmount(fifo.realised)).toBe(100);
    expect(numberFromAmount(average.realised)).toBe(70);
    expect(fifo.realised + (fifo.unrealised(140) ?? 0n)).toBe(average.realised + (average.unrealised(140) ?? 0n));
  });

  it('opens the other side at the price of the fill that crosses zero', () => {
    const ledger = booked('average', [fill('buy', 2, 10), fill('sell', 5, 12)]);
    expect(numberFromAmount(ledger.realised)).toBe(4);
    expect(ledger.quantity).toBe(-3);
    expect(ledger.averageCost).toBe(12);
    expect(numberFromAmount(ledger.unrealised(11) as bigint)).toBe(3);
  });

  it('needs a mark only while something is open', () => {
    const ledger = booked('fifo', [fill('sell', 1, 10)]);
    expect(ledger.unrealised(null)).toBeNull();
    ledger.apply(fill('buy', 1, 9));
    expect(ledger.unrealised(null)).toBe(0n);
    expect(numberFromAmount(ledger.realised)).toBe(1);
  });

  it('adds tenths without drift', () => {
    const ledger = booked(
      'average',
      Array.from({ length: 10 }, () => fill('buy', 0.1, 0.1)),
    );
    expect(ledger.quantity).toBe(1);
    expect(numberFromAmount(ledger.cashFlow)).toBe(-0.1);
  });
});

describe('fixedFromNumber', () => {
  it.each([0, 1, -1, 0.1, 1e-8, 0.00001234, 4.82375000001, 123456789.12345678, 1e15, -2.5e-9])('keeps %p', (value) => {
    expect(numberFromFixed(fixedFromNumber(value))).toBe(value);
  });

  it('takes the decimal that was written, not the double nearest to it', () => {
    expect(fixedFromNumber(0.1) * 10n).toBe(fixedFromNumber(1));
    expect(fixedFromNumber(4.82375000001)).toBe(4_823_750_000_010n);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %p', (value) => {
    expect(() => fixedFromNumber(value)).toThrow(RangeError);
  });
});
