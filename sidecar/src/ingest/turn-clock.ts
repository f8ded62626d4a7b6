/**
 * The time of receipt, read once for all messages of one read from the socket: the client hands them over in one turn, and
 * a reading costs as much as several other steps of a message.
 */
import type { Clock } from '../ports.ts';

export class TurnClock {
  readonly #clock: Clock;
  #nanos = 0n;
  #fresh = false;
  readonly #forget = (): void => {
    this.#fresh = false;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): bigint {
    if (!this.#fresh) {
      this.#nanos = this.#clock.now();
      this.#fresh = true;
      queueMicrotask(this.#forget);
    }
    return this.#nanos;
  }
}
