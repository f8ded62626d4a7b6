/** How long a rate holds, and how exact it is: what is held must never outlive what a fresh look-up would say. */
import { numberFromRate, RateBook } from './rate-book.ts';

const LEGS = [
  { timeMs: 0, base: 'EUR', quote: 'USD', rate: 1.1 },
  { timeMs: 0, base: 'GBP', quote: 'USD', rate: 1.25 },
];

describe('a rate by way of US dollars', () => {
  it.each([
    ['as it is asked for', { base: 'EUR', quote: 'GBP', rate: 0.9 }],
    ['the other way round', { base: 'GBP', quote: 'EUR', rate: 1.125 }],
  ])('holds until the pair itself is told, %s', (_, direct) => {
    const rates = new RateBook([...LEGS, { timeMs: 10, ...direct }]);
    expect(rates.at('EUR', 'GBP', 5)).toMatchObject({ rate: 88n * 10n ** 22n, untilMs: 10 });
    expect(rates.at('EUR', 'GBP', 10)?.rate).not.toBe(88n * 10n ** 22n);
  });
});

describe('a rate of little money', () => {
  it.each([6.0345678e-10, 1.0999, 158.123456789, 3e-24, 1e-3])('keeps its digits: %d', (rate) => {
    const held = new RateBook([{ timeMs: 0, base: 'IDR', quote: 'BTC', rate }]).at('IDR', 'BTC', 0);
    expect(held && numberFromRate(held.rate)).toBe(rate);
  });
});
