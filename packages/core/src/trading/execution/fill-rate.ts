/**
 * What became of orders: filled (by quantity and by order), refused (by reason), cancelled. Rates by order carry Wilson
 * intervals. Reject rate = rejects / (acks + rejects), cancel rate = acknowledged cancels / acks; an order that nobody has
 * answered yet is in neither denominator.
 */
import { wilsonInterval, type Estimate } from '../../stats/wilson.ts';
import type { OrderLife } from './order-life.ts';

export interface OrderRates {
  readonly orders: number;
  /** Orders that may still be filled. */
  readonly open: number;
  /** Executed over ordered quantity; null where nothing was ordered. */
  readonly quantityFillRatio: number | null;
  /** Orders with an execution over all orders. */
  readonly fillRate: Estimate | null;
  /** Orders that were done whole over all orders. */
  readonly completeRate: Estimate | null;
  /** Orders that the venue took or refused. */
  readonly answered: number;
  readonly rejectRate: Estimate | null;
  readonly rejects: Readonly<Record<string, number>>;
  readonly cancelRate: Estimate | null;
}

export class OrderRateCounter {
  #orders = 0;
  #open = 0;
  #touched = 0;
  #complete = 0;
  #acknowledged = 0;
  #cancelled = 0;
  #refused = 0;
  #ordered = 0;
  #filled = 0;
  readonly #rejects = new Map<string, number>();

  add(order: OrderLife): void {
    this.#orders++;
    this.#ordered += order.quantity;
    this.#filled += order.filledQuantity;
    if (order.endNanos === null) this.#open++;
    if (order.firstFillNanos !== null) this.#touched++;
    if (order.fullNanos !== null) this.#complete++;
    if (order.rejectNanos !== null) {
      this.#refused++;
      this.#rejects.set(order.rejectReason, (this.#rejects.get(order.rejectReason) ?? 0) + 1);
      return;
    }
    // A fill or a cancel that was answered shows that the venue had taken the order, whether or not its ack was recorded.
    const cancelled = order.cancelAckNanos !== null;
    if (order.ackNanos !== null || order.firstFillNanos !== null || cancelled) this.#acknowledged++;
    if (cancelled) this.#cancelled++;
  }

  rates(): OrderRates {
    const answered = this.#acknowledged + this.#refused;
    return {
      orders: this.#orders,
      open: this.#open,
      quantityFillRatio: this.#ordered > 0 ? this.#filled / this.#ordered : null,
      fillRate: wilsonInterval(this.#touched, this.#orders),
      completeRate: wilsonInterval(this.#complete, this.#orders),
      answered,
      rejectRate: wilsonInterval(this.#refused, answered),
      rejects: Object.fromEntries([...this.#rejects].sort(([a], [b]) => (a < b ? -1 : 1))),
      cancelRate: wilsonInterval(this.#cancelled, this.#acknowledged),
    };
  }
}
