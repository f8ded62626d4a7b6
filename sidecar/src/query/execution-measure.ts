/**
 * Measures fills and orders for the execution queries: says at which stamps a mid is needed, asks for all of them at once,
 * and hands each fill its benchmark and each order its shortfall.
 */
import type { ExecutionQuery } from '@tapewatch/contract';
import {
  implementationShortfall,
  waitingOf,
  type Benchmark,
  type Fill,
  type GroupKey,
  type ExecutedFill,
  type ExecutedOrder,
  type Notice,
  type OrderLife,
  type Shortfall,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { Currencies, fillKey, orderKey, readExecution, type ExecutionData } from './execution-read.ts';
import { readMarketTape, type MarketTape } from './market-tape.ts';
import { QuoteAsks, type QuoteAnswers } from './quote-asks.ts';
import { endNanosOf } from './trading-read.ts';

export interface Measurements {
  readonly fills: readonly { readonly key: GroupKey; readonly measured: ExecutedFill }[];
  readonly orders: readonly { readonly key: GroupKey; readonly measured: ExecutedOrder }[];
  readonly notices: readonly Notice[];
}

/** Fills of one bucket were made within the same quarter of an hour. */
const BUCKET_NANOS = 900_000_000_000n;

export async function measureExecution(
  query: ExecutionQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Measurements> {
  const data = await readExecution(reader, envelope, query.filters, signal);
  const context = { query, data, endNanos: endNanosOf(envelope) };
  const asks = new QuoteAsks({
    reader,
    maxQuoteAgeMs: query.maxQuoteAgeMs,
    ...(signal === undefined ? {} : { signal }),
  });
  askForMids(asks, context);
  const answers = await asks.read();
  const what = query.benchmark === 'vwap' || query.benchmark === 'twap' ? query.benchmark : null;
  const traded = data.lives.all().filter(({ fills }) => fills.length > 0);
  const tape =
    what === null
      ? null
      : await readMarketTape(reader, { orders: traded, what, maxQuoteAgeMs: query.maxQuoteAgeMs }, signal);
  const measure = { ...context, answers, tape };
  const currencies = new Currencies(data.fills);
  return {
    fills: data.fills.map((fill) => {
      const life = data.lives.of(fill);
      return { key: fillKey(query.by, fill, life), measured: measuredFill(fill, life, measure) };
    }),
    orders: data.orders.map((life) => ({
      key: orderKey(query.by, life, currencies),
      measured: measuredOrder(life, measure),
    })),
    notices: [...data.notices, ...answers.notices],
  };
}

interface Context {
  readonly query: ExecutionQuery;
  readonly data: ExecutionData;
  readonly endNanos: bigint;
}

interface MeasureContext extends Context {
  readonly answers: QuoteAnswers;
  readonly tape: MarketTape | null;
}

function askForMids(asks: QuoteAsks, { query, data, endNanos }: Context): void {
  for (const fill of data.fills) {
    asks.before(fill, fill.timeNanos);
    asks.at(fill, fill.timeNanos + laterNanos(query));
    const life = data.lives.of(fill);
    if (life !== undefined) askForOrder(asks, life);
  }
  for (const life of data.orders) {
    askForOrder(asks, life);
    if (life.filledQuantity < life.quantity) asks.before(life, endOf(life, endNanos));
  }
}

function askForOrder(asks: QuoteAsks, life: OrderLife): void {
  if (life.arrivalMid === null) asks.before(life, life.arrivalNanos);
  if (life.decisionMid === null && life.decisionNanos !== null) asks.before(life, life.decisionNanos);
}

function measuredFill(fill: Fill, life: OrderLife | undefined, context: MeasureContext): ExecutedFill {
  const { query, answers } = context;
  return {
    fill,
    benchmark: benchmarkOf(fill, life, context),
    mid: answers.before(fill, fill.timeNanos),
    laterMid: answers.at(fill, fill.timeNanos + laterNanos(query)),
    bucket: bucketOf(fill),
  };
}

function benchmarkOf(fill: Fill, life: OrderLife | undefined, { query, answers, tape }: MeasureContext): Benchmark {
  if (query.benchmark === 'mid') return answers.before(fill, fill.timeNanos);
  if (life === undefined) return { reason: 'no_order' };
  switch (query.benchmark) {
    case 'arrival':
      return arrivalOf(life, answers);
    case 'decision':
      return decisionOf(life, answers);
    case 'twap':
      return tape?.twap(life) ?? { reason: 'no_quote' };
    case 'vwap': {
      const vwap = tape?.vwap(life).vwap ?? null;
      return vwap === null ? { reason: 'no_prints' } : { mid: vwap };
    }
  }
}

function arrivalOf(life: OrderLife, answers: QuoteAnswers): Benchmark {
  return life.arrivalMid === null ? answers.before(life, life.arrivalNanos) : { mid: life.arrivalMid };
}

function decisionOf(life: OrderLife, answers: QuoteAnswers): Benchmark {
  if (life.decisionMid !== null) return { mid: life.decisionMid };
  return life.decisionNanos === null ? { reason: 'no_decision' } : answers.before(life, life.decisionNanos);
}

function measuredOrder(life: OrderLife, context: MeasureContext): ExecutedOrder {
  const { query, endNanos, tape } = context;
  return {
    life,
    shortfall: shortfallOf(life, context),
    waiting: waitingOf(life, endNanos),
    participation:
      query.benchmark === 'vwap' && life.fills.length > 0 ? (tape?.vwap(life).participation ?? null) : null,
  };
}

/** Null without a mid at arrival, and where steps tell of executions that nobody recorded. */
function shortfallOf(life: OrderLife, { query, answers, endNanos }: MeasureContext): Shortfall | null {
  const arrival = arrivalOf(life, answers).mid;
  const unrecorded = life.fills.length === 0 && life.filledQuantity > 0;
  if (arrival === undefined || unrecorded || !(life.quantity > 0)) return null;
  const foreign = life.fills.some(({ fee, feeCurrency, currency }) => fee !== 0 && feeCurrency !== currency);
  return implementationShortfall(
    {
      side: life.side,
      ordered: life.quantity,
      executions: life.fills,
      decision: decisionOf(life, answers).mid ?? null,
      arrival,
      end: answers.before(life, endOf(life, endNanos)).mid ?? null,
      fees: foreign ? null : life.fills.reduce((sum, { fee }) => sum + fee, 0),
    },
    query.shortfall,
  );
}

/** What is open is valued at the end of the range. */
function endOf(life: OrderLife, endNanos: bigint): bigint {
  return life.endNanos ?? endNanos;
}

function laterNanos({ realisedAfterMs }: ExecutionQuery): bigint {
  return BigInt(realisedAfterMs) * 1_000_000n;
}

/** Same instrument, side, size (within a factor of four) and quarter of an hour. */
function bucketOf({ symbol, side, price, quantity, timeNanos }: Fill): string {
  const size = Math.floor(Math.log2(price * quantity) / 2);
  return `["${symbol}","${side}",${size},"${timeNanos / BUCKET_NANOS}"]`;
}
