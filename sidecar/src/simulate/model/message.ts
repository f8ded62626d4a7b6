/**
 * What the desk says: one message per publish, with its payload in the wire's own terms (contract/wire.ts). Orders and
 * fills are durable and carry an id for deduplication; the rest is fire and forget.
 */
import type {
  wireExchange,
  wireFill,
  wireFx,
  wireHealth,
  wireMetric,
  wireOrder,
  wireQuote,
  wireSignal,
  wireSpan,
  wireTrade,
} from '@tapewatch/contract';
import type { z } from 'zod';

export type MetricItem = z.input<typeof wireMetric>;
export type OrderItem = z.input<typeof wireOrder>;
export type FillItem = z.input<typeof wireFill>;
export type QuoteItem = z.input<typeof wireQuote>;
export type HealthItem = z.input<typeof wireHealth>;
export type TradeItem = z.input<typeof wireTrade>;
export type SignalItem = z.input<typeof wireSignal>;
export type FxItem = z.input<typeof wireFx>;
export type ExchangeItem = z.input<typeof wireExchange>;
export type SpanItem = z.input<typeof wireSpan>;

interface ItemByKind {
  metric: MetricItem;
  order: OrderItem;
  fill: FillItem;
  quote: QuoteItem;
  health: HealthItem;
  trade: TradeItem;
  signal: SignalItem;
  fx: FxItem;
  exchange: ExchangeItem;
  span: SpanItem;
}

export type DeskMessage = {
  [K in keyof ItemByKind]: {
    readonly kind: K;
    readonly subject: string;
    /** When it is to be published, nanoseconds since the run began. */
    readonly atNanos: number;
    /** `Nats-Msg-Id` of a durable message; empty for the others. */
    readonly id: string;
    readonly items: readonly ItemByKind[K][];
  };
}[keyof ItemByKind];

/** One object, or an array of several: both are the wire's JSON. */
export function encodeMessage({ items }: DeskMessage): string {
  return JSON.stringify(items.length === 1 ? items[0] : items);
}

/** Turns an offset of the run into the stamp on the wire: integer nanoseconds as a decimal string. */
export class Stamper {
  readonly #startNanos: bigint;
  readonly #speed: number;

  constructor(startNanos: bigint, speed: number) {
    this.#startNanos = startNanos;
    this.#speed = speed;
  }

  /**
   * `offsetNanos` is scaled by the speed, so that stamps stay near the present; `backNanos` is subtracted as it is, so
   * that latencies and feed delays keep their length at every speed.
   */
  stamp(offsetNanos: number, backNanos = 0): string {
    return String(this.#startNanos + BigInt(Math.round(offsetNanos / this.#speed)) - BigInt(Math.round(backNanos)));
  }
}
