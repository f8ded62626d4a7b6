/**
 * What accounts hold, against their limits (MET-101, TRD-25): each snapshot replaces what was known of its position. After
 * a restart the count of open positions begins anew, with the next snapshot of each.
 */
import type { PositionSnapshot } from '@tapewatch/core';
import type { DerivedWriter } from './derive-event.ts';
import { forgetFirst } from './rolling-mean.ts';

const MAX_ACCOUNTS = 10_000;
/** Open positions of one account that are counted. */
const MAX_OPEN = 100_000;

export class AccountFigures {
  readonly #open = new Map<string, Set<string>>();

  derive(snapshot: PositionSnapshot, write: DerivedWriter): void {
    const { account, venue, strategy, symbol, timeNanos, quantity, quantityLimit, maxPositions } = snapshot;
    if (snapshot.kind === 'balance') {
      return write.sample('account_balance', [account, venue, symbol], timeNanos, quantity);
    }
    const of = [account, venue, strategy, symbol];
    write.sample('position_quantity', of, timeNanos, quantity);
    if (quantityLimit !== null) {
      const used = Math.abs(quantity) / quantityLimit;
      write.sample('position_limit_used_ratio', of, timeNanos, used);
    }
    const open = this.#count(snapshot);
    write.sample('positions_open', [account], timeNanos, open);
    if (maxPositions !== null) {
      write.sample('positions_used_percent', [account], timeNanos, (100 * open) / maxPositions);
    }
  }

  #count({ account, venue, strategy, symbol, quantity }: PositionSnapshot): number {
    const open = this.#open.get(account) ?? new Set<string>();
    this.#open.set(account, open);
    forgetFirst(this.#open, MAX_ACCOUNTS);
    const key = JSON.stringify([venue, strategy, symbol]);
    if (quantity === 0) open.delete(key);
    else if (open.size < MAX_OPEN) open.add(key);
    return open.size;
  }
}
