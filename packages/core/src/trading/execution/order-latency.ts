/**
 * Latencies of orders as mergeable histograms, in seconds: sent to acknowledged, acknowledged to first fill, acknowledged to
 * done whole, cancel sent to acknowledged. Stamps of two clocks may contradict each other; a negative latency is counted
 * aside and not part of the distribution.
 */
import { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { secondsBetween } from '../../model/time.ts';
import type { OrderLife } from './order-life.ts';

export const ORDER_LATENCIES = ['ack', 'first_fill', 'full_fill', 'cancel_ack'] as const;
export type OrderLatency = (typeof ORDER_LATENCIES)[number];

export class OrderLatencies {
  readonly histograms: Readonly<Record<OrderLatency, ExponentialHistogram>> = {
    ack: new ExponentialHistogram(),
    first_fill: new ExponentialHistogram(),
    full_fill: new ExponentialHistogram(),
    cancel_ack: new ExponentialHistogram(),
  };
  /** Pairs of stamps whose end is before their beginning. */
  negative = 0;

  add(order: OrderLife): void {
    this.#observe('ack', order.sentNanos, order.ackNanos);
    this.#observe('first_fill', order.ackNanos, order.firstFillNanos);
    this.#observe('full_fill', order.ackNanos, order.fullNanos);
    this.#observe('cancel_ack', order.cancelNanos, order.cancelAckNanos);
  }

  #observe(latency: OrderLatency, from: bigint | null, to: bigint | null): void {
    if (from === null || to === null) return;
    if (to < from) this.negative++;
    else this.histograms[latency].observe(secondsBetween(from, to));
  }
}
