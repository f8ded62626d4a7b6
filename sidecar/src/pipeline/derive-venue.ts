/**
 * How an exchange treats our orders: of those that ended the share that was filled, of its answers to new orders the share
 * of rejects (MET-61, TRD-26). After a restart the shares begin anew.
 */
import { EXCHANGE_WINDOW } from '@tapewatch/contract';
import type { NumberSample, OrderEvent, OrderEventType } from '@tapewatch/core';
import type { DerivedWriter } from './derive-event.ts';
import { RollingMeans } from './rolling-mean.ts';

const MAX_VENUES = 1_000;
const FILLED: Partial<Record<OrderEventType, number>> = { fill: 1, cancel_ack: 0, expire: 0, reject: 0 };
const REFUSED: Partial<Record<OrderEventType, number>> = { ack: 0, reject: 1 };

export class VenueRatios {
  readonly #filled = new RollingMeans(EXCHANGE_WINDOW, MAX_VENUES);
  readonly #refused = new RollingMeans(EXCHANGE_WINDOW, MAX_VENUES);

  derive({ venue, event, timeNanos }: OrderEvent, write: DerivedWriter, into: NumberSample[]): void {
    const [filled, refused] = [FILLED[event], REFUSED[event]];
    if (filled !== undefined) {
      into.push(write.sample('exchange_fill_ratio', [venue], timeNanos, this.#filled.add(venue, filled)));
    }
    if (refused !== undefined) {
      into.push(write.sample('exchange_error_ratio', [venue], timeNanos, this.#refused.add(venue, refused)));
    }
  }
}
