/** The clock port: time and timers, so that tests can move both. */

export interface Clock {
  /** Integer nanoseconds since the epoch. */
  now(): bigint;
  /** Calls back every `intervalMs` until the returned function is called. */
  every(intervalMs: number, callback: () => void): () => void;
}
