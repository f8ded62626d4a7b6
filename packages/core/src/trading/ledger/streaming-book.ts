/**
 * Positions as events come in, in any order: late fills, repeats, busts and amendments lead to the figures that a booking
 * of everything in order of time would have, to the last digit. What is older than the lateness limit is booked for good;
 * the younger part stays as a list with checkpoints, and a late event books it again from the last checkpoint before it.
 * A fill or a correction that comes later than the limit is refused and counted by the caller. Amortised O(log n) for an
 * event in order; one that is late costs what has come since, at most `CHECKPOINT_EVERY` fills before that.
 */
import type { Fill } from '../../model/event.ts';
import { SPOT, type Contract } from './contract.ts';
import { applyCorrection, executionId } from './correction.ts';
import { byTimeAndId } from './fill-columns.ts';
import type { PnlMethod, PositionState } from './exact-position.ts';
import { PositionLedger } from './position.ts';

export const TAKE_RESULTS = ['booked', 'repeated', 'too_late', 'waiting', 'full'] as const;
/** `waiting`: a correction whose execution has not come yet. `full`: more such corrections than are kept. */
export type TakeResult = (typeof TAKE_RESULTS)[number];

export interface StreamingBookOptions {
  readonly method: PnlMethod;
  readonly contract?: Contract;
  /** How much later than the newest event one may come. */
  readonly latenessNanos: bigint;
}

/** Fills between two checkpoints. */
const CHECKPOINT_EVERY = 256;
/** Checkpoints that are kept; the oldest ones make room by thinning out. */
const MAX_CHECKPOINTS = 64;
/** Corrections that wait for their execution. */
const MAX_WAITING = 10_000;

interface Entry {
  readonly fill: Fill;
  /** The newest correction so far. */
  correction: Fill | undefined;
  /** Of all corrections of it. */
  readonly correctionIds: string[];
}

interface Checkpoint {
  /** Entries that are booked in it. */
  readonly count: number;
  readonly state: PositionState;
}

/** One position: fills of one account, strategy, venue and instrument. */
export class StreamingBook {
  readonly #options: StreamingBookOptions;
  /** Everything younger than the limit, in order of time and id. */
  readonly #entries: Entry[] = [];
  readonly #byId = new Map<string, Entry>();
  /** Of corrections too: to which execution they lead. Kept as long as what they are about. */
  readonly #roots = new Map<string, string>();
  readonly #waiting = new Map<string, Fill[]>();
  #waitingCount = 0;
  #checkpoints: Checkpoint[] = [];
  #ledger: PositionLedger;
  /** Entries that are booked in `#ledger`. */
  #booked = 0;
  #newestNanos = -(2n ** 63n);

  constructor(options: StreamingBookOptions) {
    this.#options = options;
    this.#ledger = this.#ledgerOf();
    this.#checkpoints.push({ count: 0, state: this.#ledger.state });
  }

  /** The position as of everything that was taken. */
  get ledger(): PositionLedger {
    this.#catchUp();
    return this.#ledger;
  }

  /** Fills that may still change. */
  get open(): number {
    return this.#entries.length;
  }

  /** Corrections that nothing here answers to: their execution has not come, or is booked for good. */
  get waiting(): readonly Fill[] {
    return [...this.#waiting.values()].flat();
  }

  take(event: Fill): TakeResult {
    const id = executionId(event);
    if (this.#roots.has(id)) return 'repeated';
    if (event.timeNanos < this.#limitNanos) return 'too_late';
    const result = event.execution === 'new' ? this.#add(id, event) : this.#correct(id, event);
    if (event.timeNanos > this.#newestNanos && result !== 'full') this.#newestNanos = event.timeNanos;
    this.#forget();
    return result;
  }

  get #limitNanos(): bigint {
    return this.#newestNanos - this.#options.latenessNanos;
  }

  #add(id: string, fill: Fill): TakeResult {
    const entry: Entry = { fill, correction: undefined, correctionIds: [] };
    const at = this.#placeOf(fill);
    this.#entries.splice(at, 0, entry);
    this.#byId.set(id, entry);
    this.#roots.set(id, id);
    this.#rewind(at);
    this.#settleWaiting(id);
    return 'booked';
  }

  #correct(id: string, correction: Fill): TakeResult {
    const about = executionId({ venue: correction.venue, id: correction.refersTo });
    const root = this.#roots.get(about);
    if (root === undefined) return this.#wait(about, correction);
    const entry = this.#byId.get(root);
    if (entry === undefined) return 'too_late';
    this.#roots.set(id, root);
    entry.correctionIds.push(id);
    if (entry.correction === undefined || byTimeAndId(entry.correction, correction) < 0) {
      entry.correction = correction;
      this.#rewind(this.#placeOf(entry.fill));
    }
    this.#settleWaiting(id);
    return 'booked';
  }

  #wait(about: string, correction: Fill): TakeResult {
    const list = this.#waiting.get(about);
    if (list?.some(({ id }) => id === correction.id) === true) return 'repeated';
    if (this.#waitingCount >= MAX_WAITING) return 'full';
    this.#waitingCount++;
    if (list === undefined) this.#waiting.set(about, [correction]);
    else list.push(correction);
    return 'waiting';
  }

  #settleWaiting(id: string): void {
    const list = this.#waiting.get(id);
    if (list === undefined) return;
    this.#waiting.delete(id);
    this.#waitingCount -= list.length;
    for (const correction of list) this.#correct(executionId(correction), correction);
  }

  /** Number of entries that come before `fill`. */
  #placeOf(fill: Fill): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byTimeAndId((this.#entries[middle] as Entry).fill, fill) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What is booked from `at` on is booked anew when it is asked for. */
  #rewind(at: number): void {
    if (at >= this.#booked) return;
    this.#checkpoints = this.#checkpoints.filter(({ count }) => count <= at);
    const last = this.#checkpoints.at(-1) as Checkpoint;
    this.#ledger = this.#ledgerOf(last.state);
    this.#booked = last.count;
  }

  #catchUp(): void {
    for (; this.#booked < this.#entries.length; this.#booked++) {
      const last = this.#checkpoints.at(-1) as Checkpoint;
      if (this.#booked - last.count >= CHECKPOINT_EVERY) this.#keep({ count: this.#booked, state: this.#ledger.state });
      const entry = this.#entries[this.#booked] as Entry;
      const fill = applyCorrection(entry.fill, entry.correction);
      if (fill !== undefined) this.#ledger.apply(fill);
    }
  }

  /** Past the bound every other one goes, the first one stays: distances double. */
  #keep(checkpoint: Checkpoint): void {
    this.#checkpoints.push(checkpoint);
    if (this.#checkpoints.length > MAX_CHECKPOINTS) this.#checkpoints = this.#checkpoints.filter((_, i) => i % 2 === 0);
  }

  /** Books for good what no event in time can change any more, once it is worth a copy of the rest. */
  #forget(): void {
    const limit = this.#limitNanos;
    const worthIt = this.#entries[Math.max(CHECKPOINT_EVERY, this.#entries.length >> 2)];
    if (worthIt === undefined || worthIt.fill.timeNanos >= limit) return;
    this.#catchUp();
    const ledger = this.#ledgerOf((this.#checkpoints[0] as Checkpoint).state);
    let gone = 0;
    for (const entry of this.#entries) {
      if (entry.fill.timeNanos >= limit) break;
      const fill = applyCorrection(entry.fill, entry.correction);
      if (fill !== undefined) ledger.apply(fill);
      this.#byId.delete(executionId(entry.fill));
      for (const id of [executionId(entry.fill), ...entry.correctionIds]) this.#roots.delete(id);
      gone++;
    }
    this.#entries.splice(0, gone);
    const rest = this.#checkpoints.filter(({ count }) => count > gone);
    this.#checkpoints = [
      { count: 0, state: ledger.state },
      ...rest.map((one) => ({ ...one, count: one.count - gone })),
    ];
    this.#booked -= gone;
  }

  #ledgerOf(state?: PositionState): PositionLedger {
    const { method, contract = SPOT } = this.#options;
    return new PositionLedger(method, contract, state);
  }
}
