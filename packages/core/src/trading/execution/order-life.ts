/**
 * The life of each order, put together from its steps and executions in whatever order they come: when it was sent,
 * acknowledged, filled, cancelled or refused, and how much of it was done. Venues number their orders themselves, so the
 * venue is part of an order's name; a fill whose venue is not the order's (a routed order) is found by the id alone.
 */
import type { Fill, OrderEvent, Side } from '../../model/event.ts';

export interface OrderLife {
  readonly venue: string;
  readonly orderId: string;
  readonly symbol: string;
  readonly strategy: string;
  readonly account: string;
  readonly side: Side;
  readonly orderType: string;
  /** As last stated: a replacement may change it. */
  readonly quantity: number;
  /** The stamp of the `new` step, or of sending where that step is not known. */
  readonly arrivalNanos: bigint;
  /** As published; null leaves it to the quotes. */
  readonly arrivalMid: number | null;
  readonly decisionNanos: bigint | null;
  readonly decisionMid: number | null;
  /** Null where the step is not known. */
  readonly sentNanos: bigint | null;
  readonly ackNanos: bigint | null;
  readonly firstFillNanos: bigint | null;
  /** When the whole quantity was done. */
  readonly fullNanos: bigint | null;
  readonly cancelNanos: bigint | null;
  readonly cancelAckNanos: bigint | null;
  readonly rejectNanos: bigint | null;
  readonly rejectReason: string;
  /** When nothing more could happen: done, cancelled, refused, expired. Null while it is open. */
  readonly endNanos: bigint | null;
  readonly filledQuantity: number;
  /** Ascending by time, corrections applied by the caller. */
  readonly fills: readonly Fill[];
}

/** What a sum of decimal quantities may miss of the whole by rounding. */
const WHOLE = 1 - 1e-9;

export class OrderLives {
  readonly #byVenue = new Map<string, Draft>();
  readonly #byId = new Map<string, Draft>();

  addOrder(order: OrderEvent): void {
    const key = keyOf(order);
    let draft = this.#byVenue.get(key);
    if (draft === undefined) {
      this.#byVenue.set(key, (draft = { steps: [], fills: [] }));
      if (!this.#byId.has(order.orderId)) this.#byId.set(order.orderId, draft);
    }
    draft.steps.push(order);
    draft.life = undefined;
  }

  /** False when no step of its order is known. Orders go before their fills. */
  addFill(fill: Fill): boolean {
    const draft = this.#find(fill);
    if (draft === undefined) return false;
    draft.fills.push(fill);
    draft.life = undefined;
    return true;
  }

  /** Whether a step of the fill's order is known. */
  has(fill: Fill): boolean {
    return this.#find(fill) !== undefined;
  }

  /** The order of a fill. */
  of(fill: Fill): OrderLife | undefined {
    const draft = this.#find(fill);
    return draft && lifeOf(draft);
  }

  all(): OrderLife[] {
    return [...this.#byVenue.values()].map(lifeOf);
  }

  #find(fill: Fill): Draft | undefined {
    return this.#byVenue.get(keyOf(fill)) ?? this.#byId.get(fill.orderId);
  }
}

interface Draft {
  readonly steps: OrderEvent[];
  readonly fills: Fill[];
  life?: OrderLife | undefined;
}

function keyOf({ venue, orderId }: { readonly venue: string; readonly orderId: string }): string {
  return `${venue}\u0000${orderId}`;
}

function lifeOf(draft: Draft): OrderLife {
  return (draft.life ??= buildLife(draft));
}

function buildLife({ steps, fills }: Draft): OrderLife {
  steps.sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  fills.sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  const first = steps.find(({ event }) => event === 'new') ?? (steps[0] as OrderEvent);
  const last = steps.at(-1) as OrderEvent;
  const step = (event: OrderEvent['event']): OrderEvent | undefined => steps.find((one) => one.event === event);
  const reject = step('reject');
  const cancelAck = step('cancel_ack');
  const filled = progress(fills, last.quantity, steps);
  // One plain literal: an object that begins as a copy of another grows with each field, ten times as slowly.
  return {
    venue: first.venue,
    orderId: first.orderId,
    symbol: first.symbol,
    strategy: first.strategy,
    account: first.account,
    side: first.side,
    orderType: first.orderType,
    quantity: last.quantity,
    arrivalNanos: arrivalOf(first, steps),
    arrivalMid: first.arrivalMid ?? firstKnown(steps, ({ arrivalMid }) => arrivalMid),
    decisionNanos: firstKnown(steps, ({ decisionNanos }) => decisionNanos),
    decisionMid: firstKnown(steps, ({ decisionMid }) => decisionMid),
    sentNanos: first.sentNanos ?? (first.event === 'new' ? first.timeNanos : null),
    ackNanos: step('ack')?.timeNanos ?? null,
    firstFillNanos: filled.firstNanos,
    fullNanos: filled.fullNanos,
    // The answer to a cancel says when that was sent, which counts where the cancel itself was not recorded.
    cancelNanos: step('cancel')?.timeNanos ?? cancelAck?.sentNanos ?? null,
    cancelAckNanos: cancelAck?.timeNanos ?? null,
    rejectNanos: reject?.timeNanos ?? null,
    rejectReason: reject?.reason ?? '',
    endNanos: firstKnown(
      [reject?.timeNanos, filled.fullNanos, cancelAck?.timeNanos, step('expire')?.timeNanos],
      (time) => time ?? null,
    ),
    filledQuantity: filled.quantity,
    fills,
  };
}

/** Without the `new` step, the earliest that any other step knows of the sending. */
function arrivalOf(first: OrderEvent, steps: readonly OrderEvent[]): bigint {
  if (first.event === 'new') return first.timeNanos;
  return steps
    .filter(({ event }) => event !== 'cancel_ack')
    .reduce((least, { sentNanos, timeNanos }) => {
      const time = sentNanos ?? timeNanos;
      return time < least ? time : least;
    }, first.sentNanos ?? first.timeNanos);
}

/** Executions say what was done; where none are recorded, the order's own steps do. */
function progress(fills: readonly Fill[], ordered: number, steps: readonly OrderEvent[]) {
  let quantity = 0;
  let fullNanos: bigint | null = null;
  for (const fill of fills) {
    quantity += fill.quantity;
    if (fullNanos === null && ordered > 0 && quantity >= ordered * WHOLE) fullNanos = fill.timeNanos;
  }
  const told = steps.filter(({ event }) => event === 'fill' || event === 'partial_fill');
  if (fills.length > 0) return { quantity, firstNanos: (fills[0] as Fill).timeNanos, fullNanos };
  return {
    quantity: told.reduce((most, { filledQuantity }) => Math.max(most, filledQuantity), 0),
    firstNanos: told[0]?.timeNanos ?? null,
    fullNanos: told.find(({ event }) => event === 'fill')?.timeNanos ?? null,
  };
}

function firstKnown<T, V>(items: readonly T[], value: (item: T) => V | null): V | null {
  for (const item of items) {
    const found = value(item);
    if (found !== null) return found;
  }
  return null;
}
