/**
 * `latency_fault_score` of each feed while its quotes and prints come in: what of the feed's delay the load of the market does
 * not explain. One sample a window, stamped with the window's end; none while the model warms up or the feed is silent.
 */
import { FeedLoad, LoadModel, nanosFromMs, type MarketTrade, type Quote } from '@tapewatch/core';
import type { DerivedWriter } from './derive-event.ts';
import { forgetFirst } from './rolling-mean.ts';

/** Feeds with a model; past this the one that was seen first is forgotten, and warms up again. */
const MAX_MODELS = 1_000;

interface Model {
  readonly load: FeedLoad;
  readonly model: LoadModel;
}

export class LoadFigures {
  readonly #models = new Map<string, Model>();

  /** `feed`: what stands for its venue and symbol. */
  derive(event: Quote | MarketTrade, feed: string, write: DerivedWriter): void {
    const { venue, symbol, timeNanos, exchangeNanos } = event;
    let one = this.#models.get(feed);
    if (one === undefined) {
      // A feed without stamps of the exchange has no delay.
      if (exchangeNanos === null) return;
      this.#models.set(feed, (one = { load: new FeedLoad(), model: new LoadModel() }));
      forgetFirst(this.#models, MAX_MODELS);
    }
    const windows = one.load.add({
      // By microseconds, which a double holds exactly: else stamps on a window’s edge would fall before it.
      timeMs: Number(timeNanos / 1_000n) / 1e3,
      delayMs: exchangeNanos === null ? null : Number(timeNanos - exchangeNanos) / 1e6,
      mid: event.table === 'quotes' ? midOf(event) : null,
      trade: event.table === 'market_trades',
    });
    for (const window of windows) {
      const { faultScore, endMs } = one.model.next(window);
      if (faultScore === null) continue;
      write.sample('latency_fault_score', [venue, symbol], nanosFromMs(endMs), faultScore);
    }
  }
}

function midOf({ bid, ask }: Quote): number | null {
  return bid === null || ask === null ? null : (bid + ask) / 2;
}
