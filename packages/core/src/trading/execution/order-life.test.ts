import fc from 'fast-check';
import { at, fillRow, orderRow } from '../testing/trading-row.ts';
import { OrderLives, type OrderLife } from './order-life.ts';

const STEPS = [
  orderRow({ id: '1', event: 'new', timeNanos: at(1), sentNanos: at(1), quantity: 3, decisionMid: 99.5 }),
  orderRow({ id: '2', event: 'ack', timeNanos: at(1.2), sentNanos: at(1), quantity: 3 }),
  orderRow({ id: '3', event: 'partial_fill', timeNanos: at(2), quantity: 3, filledQuantity: 1 }),
  orderRow({ id: '4', event: 'cancel', timeNanos: at(4), quantity: 3 }),
  orderRow({ id: '5', event: 'cancel_ack', timeNanos: at(4.5), sentNanos: at(4), quantity: 3 }),
];
const FILLS = [
  fillRow({ id: 'a', timeNanos: at(2), quantity: 0.5 }),
  fillRow({ id: 'b', timeNanos: at(3), quantity: 0.5 }),
];

function lifeOf(steps = STEPS, fills = FILLS): OrderLife {
  const lives = new OrderLives();
  for (const step of steps) lives.addOrder(step);
  for (const fill of fills) lives.addFill(fill);
  return lives.all()[0] as OrderLife;
}

it('puts a life together from steps and fills in any order', () => {
  const life = lifeOf();
  expect(life).toMatchObject({
    ...{
      quantity: 3,
      arrivalNanos: at(1),
      sentNanos: at(1),
      ackNanos: at(1.2),
      firstFillNanos: at(2),
      fullNanos: null,
    },
    ...{ cancelNanos: at(4), cancelAckNanos: at(4.5), endNanos: at(4.5), filledQuantity: 1, decisionMid: 99.5 },
  });
  fc.assert(
    fc.property(
      fc.shuffledSubarray(STEPS, { minLength: STEPS.length }),
      fc.shuffledSubarray(FILLS, { minLength: FILLS.length }),
      (steps, fills) => expect(lifeOf(steps, fills)).toEqual(life),
    ),
  );
});

it('is done with the execution that completes it, though the quantities are decimals', () => {
  const fills = [0.1, 0.2].map((quantity, i) => fillRow({ id: String(i), timeNanos: at(2 + i), quantity }));
  expect(lifeOf([orderRow({ quantity: 0.3 })], fills)).toMatchObject({ fullNanos: at(3), endNanos: at(3) });
});

it('knows of fills by the steps alone', () => {
  const steps = [orderRow(), orderRow({ id: '2', event: 'fill', timeNanos: at(12), filledQuantity: 1 })];
  expect(lifeOf(steps, [])).toMatchObject({ firstFillNanos: at(12), fullNanos: at(12), filledQuantity: 1 });
});

it('finds a routed order by its id, and no order that nobody knows', () => {
  const lives = new OrderLives();
  lives.addOrder(orderRow({ venue: 'SMART' }));
  expect(lives.addFill(fillRow())).toBe(true);
  expect(lives.of(fillRow())?.venue).toBe('SMART');
  expect(lives.addFill(fillRow({ orderId: 'other' }))).toBe(false);
});

it('keeps orders of two venues apart that carry the same id', () => {
  const lives = new OrderLives();
  lives.addOrder(orderRow({ venue: 'BATS', event: 'reject', reason: 'throttled' }));
  lives.addOrder(orderRow());
  expect(lives.of(fillRow())?.rejectNanos).toBeNull();
  expect(lives.of(fillRow({ venue: 'BATS' }))?.rejectReason).toBe('throttled');
});
