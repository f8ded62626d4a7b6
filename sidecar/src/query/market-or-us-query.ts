/**
 * Answers whether a feed's delay is the market's doing: per venue and symbol the delay that was observed, the one that this
 * load explains, the residual's robust z, and the verdict as a number (0 normal, 1 market, 2 fault). The model warms up on the
 * minute before the range.
 */
import type { MarketOrUsQuery } from '@tapewatch/contract';
import {
  commonMode,
  FeedLoad,
  Labels,
  LoadModel,
  nanosFromMs,
  offsetFromOneWay,
  rfc3339,
  type FeedEvent,
  type LoadPoint,
  type MarketTrade,
  type Notice,
  type OneWayMessage,
  type Quote,
  type Table,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_FEED_ROWS, MAX_POINTS_PER_SERIES, MAX_ROWS } from './limit.ts';
import { emptyTable } from './promql-table.ts';
import { startNanosOf, endNanosOf } from './trading-read.ts';

const WARM_UP_NANOS = 60_000_000_000n;

export async function runMarketOrUs(
  query: MarketOrUsQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const { filters, quantile, threshold } = query;
  const range = { startNanos: startNanosOf(envelope) - WARM_UP_NANOS, endNanos: endNanosOf(envelope) };
  const filter = { venue: filters.venue, symbol: filters.symbol, ...range, limit: MAX_FEED_ROWS, newestFirst: true };
  const quotes = await reader.events('quotes', filter, signal);
  const trades = await reader.events('market_trades', filter, signal);
  // Where one kind was cut, the other begins there too: half of a load is not a load.
  const oldest = [quotes, trades].map((rows) => (rows.length < MAX_FEED_ROWS ? 0n : (rows.at(-1)?.timeNanos ?? 0n)));
  const since = oldest.reduce((latest, time) => (time > latest ? time : latest), 0n);
  const feeds = feedsOf([...quotes, ...trades].filter(({ timeNanos }) => timeNanos >= since));
  const windowMs = windowOf(query, envelope, feeds.length);
  const executedQuery = `feed delay at its load, windows of ${windowMs} ms, p${quantile * 100}`;
  const judged = feeds.map(({ venue, symbol, events }) => {
    const load = new FeedLoad(windowMs, quantile);
    const model = new LoadModel({ windowMs, threshold });
    const points = events.flatMap((event) => load.add(event)).map((window) => model.next(window));
    return { venue, symbol, points: points.filter(({ endMs }) => endMs >= envelope.startMs) };
  });
  const notices = [...(judged.length === 0 ? [] : [summary(judged)]), ...cutNotice(since), ...clockNotices(feeds)];
  const tables = judged.flatMap(({ venue, symbol, points }) => {
    const times = points.map(({ endMs }) => nanosFromMs(endMs));
    return FIGURES.map((figure) => figureTable(figure, points, { venue, symbol, times, windowMs, executedQuery }));
  });
  const [first, ...rest] = tables;
  return first === undefined ? [emptyTable('timeseries-multi', executedQuery)] : [{ ...first, notices }, ...rest];
}

/** A chart of more windows than points is no chart; wider windows see the same faults later. */
function windowOf(query: MarketOrUsQuery, { startMs, endMs }: QueryEnvelope, feeds: number): number {
  const windows = Math.min(MAX_POINTS_PER_SERIES, Math.floor(MAX_ROWS / (FIGURES.length * Math.max(1, feeds))) - 1);
  return Math.max(query.windowMs, Math.ceil((endMs - startMs) / Math.max(1, windows)));
}

interface Feed {
  readonly venue: string;
  readonly symbol: string;
  readonly events: readonly FeedEvent[];
  readonly messages: readonly OneWayMessage[];
}

function feedsOf(rows: readonly (Quote | MarketTrade)[]): Feed[] {
  const feeds = new Map<string, { venue: string; symbol: string; rows: (Quote | MarketTrade)[] }>();
  for (const row of rows) {
    const key = `${row.venue}\u0000${row.symbol}`;
    const feed = feeds.get(key) ?? { venue: row.venue, symbol: row.symbol, rows: [] };
    feed.rows.push(row);
    feeds.set(key, feed);
  }
  return [...feeds.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { venue, symbol, rows }]) => ({
      venue,
      symbol,
      events: rows
        .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0))
        .map((row) => ({
          timeMs: Number(row.timeNanos / 1_000n) / 1e3,
          delayMs: row.exchangeNanos === null ? null : Number(row.timeNanos - row.exchangeNanos) / 1e6,
          mid: row.table === 'quotes' && row.bid !== null && row.ask !== null ? (row.bid + row.ask) / 2 : null,
          trade: row.table === 'market_trades',
        })),
      messages: rows.flatMap(({ timeNanos, exchangeNanos }) =>
        exchangeNanos === null ? [] : [{ sentNanos: exchangeNanos, receivedNanos: timeNanos }],
      ),
    }));
}

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly value: (point: LoadPoint) => number | null;
}

const VERDICT_NUMBERS = { normal: 0, market: 1, fault: 2, warming_up: null, no_data: null } as const;

const FIGURES: readonly Figure[] = [
  {
    name: 'observed',
    unit: 'ms',
    description: 'Delay above the fastest; the level is the clocks’.',
    value: ({ observedMs }) => observedMs,
  },
  {
    name: 'expected',
    unit: 'ms',
    description: 'Delay that the load of the market explains.',
    value: ({ expectedMs }) => expectedMs,
  },
  {
    name: 'residual_z',
    unit: 'short',
    description: 'What it does not explain, in robust deviations of a minute.',
    value: ({ residualZ }) => residualZ,
  },
  {
    name: 'verdict',
    unit: 'short',
    description: '0 normal, 1 the market, 2 a fault; empty while warming up or silent.',
    value: ({ verdict }) => VERDICT_NUMBERS[verdict],
  },
];

interface FigureContext {
  readonly venue: string;
  readonly symbol: string;
  readonly times: readonly ReturnType<typeof nanosFromMs>[];
  readonly windowMs: number;
  readonly executedQuery: string;
}

function figureTable(figure: Figure, points: readonly LoadPoint[], context: FigureContext): Table {
  const { venue, symbol, times, windowMs, executedQuery } = context;
  const { name, unit, description, value } = figure;
  const labels = Labels.from([
    ['venue', venue],
    ['symbol', symbol],
    ['figure', name],
  ]);
  return {
    ...emptyTable('timeseries-multi', executedQuery),
    name: `${venue} ${symbol} ${name}`,
    visualisation: 'graph',
    fields: [
      { name: 'Time', type: 'time', values: times, intervalMs: windowMs },
      {
        ...{ name, type: 'number', values: points.map(value), labels, unit, description },
        displayName: `${venue} ${symbol} ${name}`,
      },
    ],
  };
}

/** Feeds whose clock is told; more would hide the rest. */
const MAX_CLOCK_NOTICES = 5;

/** One way cannot part the clocks' difference from the least delay, so only their sum and the drift are told. */
function clockNotices(feeds: readonly Feed[]): Notice[] {
  return feeds.slice(0, MAX_CLOCK_NOTICES).flatMap(({ venue, symbol, messages }): Notice[] => {
    const estimate = offsetFromOneWay(messages);
    if (estimate === null) return [];
    const drift = estimate.driftPpm === null ? '' : `, drifting by ${estimate.driftPpm.toFixed(1)} ppm`;
    const level = `${(estimate.floorNanos / 1e6).toFixed(2)} ms${drift}`;
    const text = `${venue} ${symbol}: receipt is at least ${level} after the exchange's stamp; how much of it is delay and how much clocks, one way cannot tell`;
    return [{ severity: 'info', text }];
  });
}

function cutNotice(since: bigint): Notice[] {
  if (since === 0n) return [];
  const text = `more than ${MAX_FEED_ROWS} quotes or prints: only those since ${rfc3339(since)} are looked at; shorten the range or choose a feed`;
  return [{ severity: 'warning', text }];
}

function summary(judged: readonly { venue: string; symbol: string; points: readonly LoadPoint[] }[]): Notice {
  const count = (verdict: LoadPoint['verdict']): number =>
    judged.reduce((sum, { points }) => sum + points.filter((point) => point.verdict === verdict).length, 0);
  const last = judged.map(({ points }) => points[points.length - 1]?.verdict ?? 'no_data');
  const mode = commonMode(last);
  const now =
    mode === undefined
      ? ''
      : mode === 'host'
        ? '; now on most feeds at once: this host'
        : '; now on single feeds: their venue or network';
  return {
    severity: 'info',
    text: `windows with a fault: ${count('fault')}, slow by the market: ${count('market')}, normal: ${count('normal')}${now}`,
  };
}
