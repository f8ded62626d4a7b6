import { at, fillRow, orderRow } from '../testing/trading-row.ts';
import { FillProbability, waitingOf } from './fill-probability.ts';
import { OrderRateCounter } from './fill-rate.ts';
import { OrderLatencies } from './order-latency.ts';
import { OrderLives } from './order-life.ts';

function desk() {
  const lives = new OrderLives();
  const order = (orderId: string, ...steps: (readonly [Parameters<typeof orderRow>[0], number])[]) => {
    for (const [part, second] of steps)
      lives.addOrder(orderRow({ orderId, timeNanos: at(second), sentNanos: at(1), quantity: 4, ...part }));
  };
  order('whole', [{ event: 'new' }, 1], [{ event: 'ack' }, 1.5]);
  order(
    'part',
    [{ event: 'new' }, 1],
    [{ event: 'ack' }, 1.25],
    [{ event: 'cancel' }, 5],
    [{ event: 'cancel_ack', sentNanos: at(5) }, 5.5],
  );
  order('refused', [{ event: 'new' }, 1], [{ event: 'reject', reason: 'throttled' }, 1.1]);
  order('open', [{ event: 'new' }, 1], [{ event: 'ack' }, 2]);
  order('early', [{ event: 'new' }, 1], [{ event: 'ack' }, 0.5]);
  lives.addFill(fillRow({ orderId: 'whole', timeNanos: at(3), quantity: 4 }));
  lives.addFill(fillRow({ orderId: 'part', timeNanos: at(2), quantity: 1 }));
  return lives.all();
}

it('counts what became of orders, with intervals', () => {
  const counter = new OrderRateCounter();
  desk().forEach((order) => counter.add(order));
  const rates = counter.rates();
  expect(rates).toMatchObject({ orders: 5, open: 2, quantityFillRatio: 0.25, rejects: { throttled: 1 } });
  expect(rates.fillRate?.value).toBe(0.4);
  expect(rates.completeRate?.value).toBe(0.2);
  expect(rates.rejectRate?.value).toBe(0.2);
  expect(rates.cancelRate?.value).toBe(0.25);
  expect(rates.rejectRate?.lower).toBeGreaterThan(0);
  expect(rates.rejectRate?.upper).toBeLessThan(1);
  expect(new OrderRateCounter().rates()).toMatchObject({ fillRate: null, rejectRate: null, quantityFillRatio: null });
});

it('measures the four latencies, and counts a contradiction of clocks aside', () => {
  const latencies = new OrderLatencies();
  desk().forEach((order) => latencies.add(order));
  const { ack, first_fill: first, full_fill: full, cancel_ack: cancel } = latencies.histograms;
  expect([ack.count, ack.min, ack.max]).toEqual([3, 0.25, 1]);
  expect([first.count, first.min, first.max]).toEqual([2, 0.75, 1.5]);
  expect([full.count, full.max]).toEqual([1, 1.5]);
  expect([cancel.count, cancel.max]).toEqual([1, 0.5]);
  expect(latencies.negative).toBe(1);
});

it('waits from the acknowledgement, and an order that is open still waits', () => {
  const waitings = desk().map((order) => waitingOf(order, at(10)));
  expect(waitings).toEqual([
    { seconds: 1.5, filled: true },
    { seconds: 0.75, filled: true },
    null,
    { seconds: 8, filled: false },
    { seconds: 9.5, filled: false },
  ]);
});

describe('the probability of a fill', () => {
  // lifelines.KaplanMeierFitter
  const seconds = [1, 2, 2, 3, 4, 4, 5, 7, 8, 10];
  const filled = [1, 1, 0, 1, 0, 1, 1, 0, 1, 0];
  const curve = new FillProbability(seconds.map((value, i) => ({ seconds: value, filled: filled[i] === 1 })));

  it.each([
    [1, [0.1, 1 - 0.985281393367343, 1 - 0.47300927136205084]],
    [4, [3 / 7, 1 - 0.8145721379207792, 1 - 0.21719270238228386]],
    [8, [1 - 3 / 14, 1 - 0.5794907112498608, 1 - 0.01291660115690926]],
  ] as const)('within %d s is what lifelines says', (within, [value, lower, upper]) => {
    const estimate = curve.within(within);
    expect(estimate?.value).toBeCloseTo(value, 10);
    expect(estimate?.lower).toBeCloseTo(lower, 10);
    expect(estimate?.upper).toBeCloseTo(upper, 10);
  });

  it('is nothing before the first fill and not known past the last order that still waits', () => {
    expect(curve.within(0.5)).toEqual({ value: 0, lower: null, upper: null });
    expect(curve.within(10)?.value).toBe(curve.within(8)?.value);
    expect(curve.within(11)).toBeNull();
    expect(new FillProbability([]).within(1)).toBeNull();
  });

  it('is higher than the share of fills, because orders that were cancelled early could not be filled', () => {
    expect(curve.within(8)?.value).toBeGreaterThan(0.6);
  });
});
