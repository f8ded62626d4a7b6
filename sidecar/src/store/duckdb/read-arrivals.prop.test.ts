import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { correctFills, NO_ORDER, OrderLives, type Fill, type OrderEvent } from '@tapewatch/core';
import type { FillArrivals } from '../../ports.ts';
import { batchOf, fillOf, orderOf, seconds, T0_MS } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';

const WHOLE = { startNanos: 0n, endNanos: 2n ** 63n - 1n };
let folder = '';
let store: DuckDbStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-arrivals-'));
  store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 1 });
  await store.open();
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const venue = fc.constantFrom('XNAS', 'BATS', 'EDGX');
const orderId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'a longer id of an order');
const event = fc.constantFrom('new', 'new', 'ack', 'partial_fill', 'cancel_ack', 'replace');
const step = fc.record({
  ...{ venue, orderId, event, symbol: fc.constantFrom('ACME', 'IBM') },
  milli: fc.nat(9_000),
  sent: fc.option(fc.nat(9_000)),
  arrivalMid: fc.option(fc.nat(5), { freq: 1 }),
});
const fill = fc.record({
  ...{ venue, orderId, strategy: fc.constantFrom('s', 't'), quantity: fc.integer({ min: 1, max: 9 }) },
  milli: fc.nat(9_000),
  execution: fc.constantFrom('new', 'new', 'new', 'bust', 'amend'),
  target: fc.nat(9),
});

type Steps = readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[];
type Fills = readonly (typeof fill extends fc.Arbitrary<infer T> ? T : never)[];

/** As orders mostly are: none has two of those. */
function withOneNew(steps: Steps): Steps {
  const seen = new Set<string>();
  return steps.filter(({ venue: at, orderId: id, event: name }) => {
    const key = `${at} ${id}`;
    return name !== 'new' || (!seen.has(key) && seen.add(key));
  });
}

/** No two at the same nanosecond: of those any may be the first. */
function stampOf(milli: number, i: number): OrderEvent['timeNanos'] {
  return (seconds(milli / 1_000) + BigInt(i)) as OrderEvent['timeNanos'];
}

function rowsOf(account: string, steps: Steps, fills: Fills): { orders: OrderEvent[]; executions: Fill[] } {
  const id = (name: string | number): string => `${account}/${name}`;
  return {
    orders: steps.map(({ milli, sent, orderId: order, ...rest }, i) => {
      const timeNanos = stampOf(milli, i);
      const sentNanos = sent === null ? null : stampOf(sent, i);
      return orderOf(id(i), timeNanos, { ...rest, account, orderId: id(order), sentNanos });
    }),
    executions: fills.map(({ milli, target, orderId: order, ...rest }, i) => {
      const refersTo = rest.execution === 'new' ? '' : id(target);
      return fillOf(id(i), stampOf(milli, i), { ...rest, account, orderId: id(order), refersTo });
    }),
  };
}

/** What each fill is measured against, in no order: no order, a mid, or what the quotes are asked. */
function told({ fills, mids, unpriced, stampsNanos, feed, feeds }: FillArrivals): unknown[] {
  const asked = new Map(
    Array.from(unpriced, (order, i) => [order, [stampsNanos[i], feeds[feed[i] as number]]] as const),
  );
  return Array.from(fills.orders ?? [], (order, row) => {
    const mid = mids[order] as number;
    const arrival = order === NO_ORDER ? 'no order' : Number.isNaN(mid) ? asked.get(order) : mid;
    return [
      fills.timesMs[row],
      Math.abs(fills.quantities[row] as number),
      fills.groups[fills.group[row] ?? -1]?.venue,
      arrival,
    ];
  });
}

function expected(orders: readonly OrderEvent[], fills: readonly Fill[]): unknown[] {
  const lives = new OrderLives();
  const latest = fills.reduce((last, { timeNanos }) => (timeNanos > last ? timeNanos : last), 0n);
  const sorted = [...orders].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
  for (const order of sorted) if (order.timeNanos <= latest) lives.addOrder(order);
  return fills.map((one) => {
    const life = lives.of(one);
    const feed = life && { venue: life.venue, symbol: life.symbol };
    const arrival = life === undefined ? 'no order' : (life.arrivalMid ?? [life.arrivalNanos, feed]);
    return [Number(one.timeNanos / 1_000_000n), one.quantity, one.venue, arrival];
  });
}

function inOrder(rows: unknown[]): string[] {
  return rows
    .map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    .sort();
}

it('finds of each fill what the life of its order tells, corrections applied', async () => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 25, size: 'max' }),
      fc.array(fill, { minLength: 5, maxLength: 40, size: 'max' }),
      fc.record({ isPlain: fc.boolean(), filtered: fc.boolean() }),
      async (drawn, list, { isPlain, filtered }) => {
        // One store for all runs: accounts tell them apart.
        const account = `A${written++}`;
        const steps = isPlain ? withOneNew(drawn) : drawn;
        const { orders, executions } = rowsOf(account, steps, list);
        await store.append(batchOf({ events: [...orders, ...executions] }));
        const filter = { ...WHOLE, account: [account], ...(filtered ? { strategy: ['s'] } : {}) };
        const wanted = correctFills(executions).filter(({ strategy }) => !filtered || strategy === 's');
        expect(inOrder(told(await store.fillArrivals(filter)))).toEqual(inOrder(expected(orders, wanted)));
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
});

it('takes the earliest fills up to a limit', async () => {
  const fills = [3, 1, 2].map((second) => fillOf(`x${second}`, seconds(second), { orderId: `o${second}` }));
  const orders = [1, 2, 3].map((second) =>
    orderOf(`n${second}`, seconds(0), { orderId: `o${second}`, arrivalMid: second }),
  );
  await store.append(batchOf({ events: [...fills, ...orders] }));
  const { fills: found, mids } = await store.fillArrivals({ ...WHOLE, limit: 2 });
  expect(Array.from(found.orders ?? [], (order) => mids[order]).sort()).toEqual([1, 2]);
});

it('counts the fills of one order under one number', async () => {
  const fills = ['a', 'b', 'a'].map((orderId, i) => fillOf(`x${i}`, seconds(2 + i), { orderId }));
  const orders = ['a', 'b'].map((orderId) => orderOf(orderId, seconds(1), { orderId, arrivalMid: 5 }));
  await store.append(batchOf({ events: [...orders, ...fills] }));
  const { orders: numbers = [], timesMs } = (await store.fillArrivals(WHOLE)).fills;
  const bySecond = new Map(Array.from(numbers, (number, row) => [timesMs[row], number]));
  expect(new Set(numbers).size).toBe(2);
  expect(bySecond.get(T0_MS + 2_000)).toBe(bySecond.get(T0_MS + 4_000));
});
