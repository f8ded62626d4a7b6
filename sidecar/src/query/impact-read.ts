/**
 * Reads the flow that moved a market: its prints where they are recorded, else our own fills, with the mid at the edges of
 * regular intervals. Bounded: what is left out is told in a notice, and refused where an alert rule asks.
 */
import type { ImpactQuery } from '@tapewatch/contract';
import { feedKey, type Benchmark, type Fill, type FlowInterval, type MarketTrade, type Notice } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_FLOW_ROWS } from './limit.ts';
import type { Feed, QuoteAnswers, QuoteAsks } from './quote-asks.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

export interface Flow extends Feed {
  /** Ascending by time. */
  readonly trades: readonly FlowTrade[];
}

export interface FlowTrade {
  readonly timeNanos: bigint;
  readonly sign: 1 | -1;
  readonly price: number;
  readonly quantity: number;
}

export interface FlowRead {
  readonly flows: readonly Flow[];
  /** Volume of the prints as of a whole day, by symbol; none where no prints are recorded. */
  readonly dailyVolumes: ReadonlyMap<string, number>;
  readonly notices: readonly Notice[];
}

export async function readFlow(
  reader: StoreReader,
  { query, envelope, fills }: { query: ImpactQuery; envelope: QueryEnvelope; fills: readonly Fill[] },
  signal?: AbortSignal,
): Promise<FlowRead> {
  const { venue, symbol } = query.filters;
  const range = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope), venue, symbol };
  const newest = { ...range, limit: MAX_FLOW_ROWS + 1, newestFirst: true };
  const found = await reader.events('market_trades', newest, signal);
  const cut = cutNotice(found.length, envelope);
  const kept = found.slice(0, MAX_FLOW_ROWS).reverse();
  const covered = cut.length > 0 ? { ...range, startNanos: kept[0]?.timeNanos ?? range.startNanos } : range;
  const dailyVolumes = dailyVolumesOf(kept, covered);
  const prints = kept.filter(hasSide);
  if (prints.length > 0) {
    const flows = flowsOf(prints.map((print) => ({ ...print, side: print.aggressor })));
    return { flows, dailyVolumes, notices: cut };
  }
  const text = 'no prints of the market with a side are recorded in the range: signed volume is that of own fills';
  return { flows: flowsOf(fills), dailyVolumes, notices: [...cut, { severity: 'info', text }] };
}

const DAY_SECONDS = 86_400;

/** Of all prints, whether their side is known or not, over the time that they cover. */
function dailyVolumesOf(
  prints: readonly MarketTrade[],
  { startNanos, endNanos }: { readonly startNanos: bigint; readonly endNanos: bigint },
): ReadonlyMap<string, number> {
  const seconds = Math.max(1, Number(endNanos - startNanos) / 1e9);
  const volumes = new Map<string, number>();
  for (const { symbol, quantity } of prints)
    volumes.set(symbol, (volumes.get(symbol) ?? 0) + (quantity * DAY_SECONDS) / seconds);
  return volumes;
}

function hasSide(trade: MarketTrade): trade is MarketTrade & { readonly aggressor: 'buy' | 'sell' } {
  return trade.aggressor !== '';
}

function cutNotice(found: number, { fromAlert }: QueryEnvelope): Notice[] {
  if (found <= MAX_FLOW_ROWS) return [];
  const text = `only the newest ${MAX_FLOW_ROWS} prints of the range count; shorten the time range or filter by venue and symbol`;
  if (fromAlert) throw new TapewatchError('query.limit', text, { details: { limit: MAX_FLOW_ROWS } });
  return [{ severity: 'warning', text }];
}

function flowsOf(
  trades: readonly (Feed & Omit<FlowTrade, 'sign'> & { readonly side: 'buy' | 'sell' })[],
): readonly Flow[] {
  const flows = new Map<string, Feed & { readonly trades: FlowTrade[] }>();
  for (const { venue, symbol, timeNanos, price, quantity, side } of trades) {
    let flow = flows.get(feedKey({ venue, symbol }));
    if (flow === undefined) flows.set(feedKey({ venue, symbol }), (flow = { venue, symbol, trades: [] }));
    flow.trades.push({ timeNanos, price, quantity, sign: side === 'buy' ? 1 : -1 });
  }
  return [...flows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, flow]) => flow);
}

/** Intervals from the first trade on; those without trades or without both mids are left out. */
export class FlowIntervals {
  readonly #widthNanos: bigint;
  readonly #sums = new Map<Flow, Map<bigint, number>>();

  constructor(flows: readonly Flow[], intervalMs: number, asks: QuoteAsks) {
    this.#widthNanos = BigInt(intervalMs) * 1_000_000n;
    for (const flow of flows) {
      const sums = new Map<bigint, number>();
      for (const { timeNanos, sign, quantity } of flow.trades) {
        const slot = (timeNanos - startOf(flow)) / this.#widthNanos;
        sums.set(slot, (sums.get(slot) ?? 0) + sign * quantity);
      }
      for (const slot of sums.keys()) for (const edge of this.#edges(flow, slot)) asks.at(flow, edge);
      this.#sums.set(flow, sums);
    }
  }

  of(flow: Flow, answers: QuoteAnswers): FlowInterval[] {
    return [...(this.#sums.get(flow) ?? [])].flatMap(([slot, signedVolume]) => {
      const [from, to] = this.#edges(flow, slot).map((edge): Benchmark => answers.at(flow, edge));
      if (from?.mid === undefined || to?.mid === undefined) return [];
      return [{ signedVolume, midChange: to.mid - from.mid }];
    });
  }

  #edges(flow: Flow, slot: bigint): readonly [from: bigint, to: bigint] {
    const from = startOf(flow) + slot * this.#widthNanos;
    return [from, from + this.#widthNanos];
  }
}

function startOf({ trades }: Flow): bigint {
  return trades[0]?.timeNanos ?? 0n;
}
