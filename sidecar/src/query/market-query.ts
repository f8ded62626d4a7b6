/** Answers a market query: how each instrument was quoted and traded, and how well its feed served. */
import type { MarketQuery } from '@tapewatch/contract';
import { quantile, VolumeProfile, type ProfileSlot, type Table } from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_MARKET_POINTS, MAX_POINTS_PER_SERIES } from './limit.ts';
import { BAR_NANOS, DEPTH_BPS, marketRow, VOLATILITIES, type MarketRow, type Volatility } from './market-figure.ts';
import { readMarket, type MarketRead } from './market-read.ts';
import { resolveStep } from './step.ts';
import {
  groupTables,
  reportTable,
  type Column,
  type GroupedRow,
  type GroupSeries,
  type ReportText,
} from './trading-table.ts';

const BY = ['venue', 'symbol'] as const;
const HOURS = 24;
const MS = 1_000_000n;

const BPS = { unit: 'suffix:bps', decimals: 3 } as const;
const SHARE = { unit: 'percentunit', decimals: 2 } as const;
const COUNT = { unit: 'locale', decimals: 0 } as const;
const SECONDS = { unit: 's' } as const;
const PLAIN = { unit: 'short' } as const;
const PRICE = { unit: 'price' } as const;

export async function runMarket(
  query: MarketQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const read = await readMarket(reader, query, envelope, signal);
  const text = { executedQuery: `market ${query.format} by venue, symbol`, notices: read.notices };
  if (query.format === 'profile') return [profileTable(read, envelope, text)];
  if (query.format === 'time_series' && !envelope.fromAlert) return marketOverTime(read, query, envelope, text);
  const rows = read.feeds.map((feed) => marketRow(feed, read, { ...query, sampleMs: read.sampleMs }));
  return [reportTable(rows, BY, envelope.fromAlert ? [FIGURES[query.figure]] : COLUMNS, text)];
}

const YEAR = 'a year of 365 days, as a share of the price';
const BARS = `bars of ${Number(BAR_NANOS) / 1e9} s of prints`;
const VOLATILITY_TEXTS: Readonly<Record<Volatility, string>> = {
  realised: `Root of the mean squared return of regular mids, ${YEAR}.`,
  ewma: `The same with weights that fall by 0.94 a sample (RiskMetrics), ${YEAR}.`,
  parkinson: `From high and low of ${BARS}, ${YEAR}.`,
  garman_klass: `From open, high, low and close of ${BARS}, ${YEAR}.`,
  rogers_satchell: `From ${BARS}, without bias from drift, ${YEAR}.`,
  yang_zhang: `From ${BARS}, with the jumps between them, ${YEAR}.`,
};

const COLUMNS: readonly Column<MarketRow>[] = [
  {
    name: 'spread',
    value: ({ averages }) => averages.spreadBps,
    ...BPS,
    description: '(Ask - bid) / mid, averaged over the time that each quote stood.',
  },
  { name: 'mid', value: ({ averages }) => averages.mid, ...PRICE, description: 'Averaged over time.' },
  {
    name: 'microprice',
    value: ({ averages }) => averages.micropriceBps,
    ...BPS,
    description: '(Microprice - mid) / mid, averaged over time; positive where bids outweigh.',
  },
  {
    name: 'imbalance',
    value: ({ averages }) => averages.imbalance,
    ...PLAIN,
    decimals: 3,
    description: '(Bid size - ask size) / (bid size + ask size), averaged over time.',
  },
  { name: 'bid_size', value: ({ averages }) => averages.bidSize, ...PLAIN, description: 'At the best bid, over time.' },
  { name: 'ask_size', value: ({ averages }) => averages.askSize, ...PLAIN, description: 'At the best ask, over time.' },
  { name: 'depth_bid', value: ({ depth }) => depth?.bid ?? null, ...PLAIN, description: depthText('Bids') },
  { name: 'depth_ask', value: ({ depth }) => depth?.ask ?? null, ...PLAIN, description: depthText('Asks') },
  ...VOLATILITIES.map((name): Column<MarketRow> => ({
    name: `volatility_${name}`,
    value: ({ volatility }) => volatility[name],
    ...SHARE,
    description: VOLATILITY_TEXTS[name],
  })),
  { name: 'volume', value: (row) => row.volume, ...PLAIN, description: 'Of the prints.' },
  {
    name: 'traded',
    value: (row) => row.notional,
    ...PLAIN,
    description: 'Money of the prints, in the quote currency.',
  },
  {
    name: 'vwap',
    value: ({ notional, volume }) => (volume > 0 ? notional / volume : null),
    ...PRICE,
    description: 'Volume-weighted price of the prints.',
  },
  {
    name: 'buy_share',
    value: ({ buyVolume, volume }) => (volume > 0 ? buyVolume / volume : null),
    ...SHARE,
    description: 'Of the volume, bought by who took liquidity.',
  },
  { name: 'trades', value: (row) => row.trades, ...COUNT, description: 'Prints.' },
  {
    name: 'quotes',
    value: (row) => row.received,
    ...COUNT,
    description: 'Quotes received; empty where a long range is sampled.',
  },
  {
    name: 'unusable',
    value: ({ averages }) => shareOf(averages.unusableSeconds, averages),
    ...SHARE,
    description: 'Of the time: one-sided or crossed book.',
  },
  {
    name: 'stale',
    value: ({ averages }) => shareOf(averages.staleSeconds, averages),
    ...SHARE,
    description: 'Of the time: the last quote was older than the limit.',
  },
  {
    name: 'longest_silence',
    value: ({ health }) => health.longestSilenceSeconds,
    ...SECONDS,
    description: 'Longest time between two quotes.',
  },
  {
    name: 'lost',
    value: ({ health }) => health.lostMessages,
    ...COUNT,
    description: 'Messages missing in the feed’s sequence; empty where that does not count messages.',
  },
  ...[0.5, 0.99].map((q): Column<MarketRow> => ({
    name: `feed_latency_p${q * 100}`,
    value: ({ health }) => (health.latency.count === 0 ? null : quantile(q, health.latency)),
    ...SECONDS,
    description: `p${q * 100} of receipt minus the exchange’s stamp minus the clock offset that was given.`,
  })),
];

function depthText(side: string): string {
  return `${side} within ${DEPTH_BPS} bps of the mid, in money; mean of the snapshots.`;
}

function shareOf(
  seconds: number,
  { usableSeconds, unusableSeconds, staleSeconds }: MarketRow['averages'],
): number | null {
  const all = usableSeconds + unusableSeconds + staleSeconds;
  return all > 0 ? seconds / all : null;
}

function column(name: string): Column<MarketRow> {
  return COLUMNS.find((one) => one.name === name) ?? (COLUMNS[0] as Column<MarketRow>);
}

const FIGURES: Readonly<Record<MarketQuery['figure'], Column<MarketRow>>> = {
  spread: column('spread'),
  mid: column('mid'),
  imbalance: column('imbalance'),
  microprice: column('microprice'),
  depth: {
    name: 'depth',
    value: ({ depth }) => (depth === null ? null : depth.bid + depth.ask),
    ...PLAIN,
    description: depthText('Bids and asks'),
  },
  volatility: column('volatility_realised'),
  volume: column('volume'),
  quotes: column('quotes'),
  stale: column('stale'),
  latency: column('feed_latency_p99'),
};

/** A point holds the step that ends at it. */
function marketOverTime(read: MarketRead, query: MarketQuery, envelope: QueryEnvelope, text: ReportText): Table[] {
  const perFeed = Math.floor(MAX_MARKET_POINTS / Math.max(1, read.feeds.length));
  const { range, notices } = resolveStep(envelope, 0, Math.max(1, Math.min(perFeed, MAX_POINTS_PER_SERIES) - 1));
  const figure = FIGURES[query.figure];
  const series = read.feeds.map((feed): GroupSeries => {
    const timesMs: number[] = [];
    const values: (number | null)[] = [];
    for (let timeMs = range.startMs + range.stepMs; timeMs <= range.endMs; timeMs += range.stepMs) {
      const endNanos = BigInt(timeMs) * MS;
      const stretch = { startNanos: endNanos - BigInt(range.stepMs) * MS, endNanos };
      timesMs.push(timeMs);
      values.push(figure.value(marketRow(feed, stretch, { ...query, sampleMs: read.sampleMs })));
    }
    return { group: [feed.venue, feed.symbol], currency: '', timesMs, values };
  });
  const { name: valueName, unit, description } = figure;
  const about = { valueName, unit, description, stepMs: range.stepMs };
  return groupTables(series, BY, { ...text, ...about, notices: [...notices, ...text.notices] });
}

type SlotRow = ProfileSlot & GroupedRow;

/** By hour of the day, UTC. */
function profileTable(read: MarketRead, { fromAlert }: QueryEnvelope, text: ReportText): Table {
  const rows = read.feeds.flatMap(({ venue, symbol, trades }) => {
    const profile = new VolumeProfile(HOURS);
    for (const { timeNanos, quantity, aggressor } of trades) {
      profile.add({ timeNanos, quantity, isBuy: aggressor === 'buy' });
    }
    return profile
      .slots()
      .map((slot): SlotRow => ({ ...slot, group: [venue, symbol, String(slot.slot).padStart(2, '0')], currency: '' }));
  });
  // A rule reads one number per label set: several columns would be duplicates to it.
  return reportTable(rows, [...BY, 'hour'], fromAlert ? PROFILE_COLUMNS.slice(0, 1) : PROFILE_COLUMNS, text);
}

const PROFILE_COLUMNS: readonly Column<SlotRow>[] = [
  { name: 'share', value: ({ share }) => share, ...SHARE, description: 'Of all volume of the range.' },
  { name: 'volume', value: ({ volume }) => volume, ...PLAIN, description: 'Of the prints.' },
  { name: 'buy_volume', value: ({ buyVolume }) => buyVolume, ...PLAIN, description: 'Bought by who took liquidity.' },
];
