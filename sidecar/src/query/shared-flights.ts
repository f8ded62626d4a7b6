/**
 * Identical queries that are asked at the same time are one piece of work. Each caller may leave by itself; the work is
 * called off when the last one has left. A caller joins only what is still fresh for it: `joinable` decides.
 */
import { raceAbort } from './deadline.ts';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  readonly joinable: () => boolean;
  callers: number;
  settled: boolean;
}

/** What the work is given: the signal of the last caller's leaving, and a way to say until when others may join. */
export interface FlightContext {
  readonly signal: AbortSignal;
  /** Until it is called, anyone may join: nothing was read yet. */
  joinWhile(condition: () => boolean): void;
}

export class SharedFlights<T> {
  readonly #flights = new Map<string, Flight<T>>();
  #joined = 0;

  /** How many callers were answered by the work of another. */
  get joined(): number {
    return this.#joined;
  }

  get size(): number {
    return this.#flights.size;
  }

  async join(key: string, work: (context: FlightContext) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    let flight = this.#flights.get(key);
    if (flight?.joinable() === true) this.#joined++;
    else flight = this.#start(key, work);
    flight.callers++;
    try {
      return await raceAbort(flight.result, signal);
    } finally {
      if (--flight.callers === 0) this.#end(key, flight);
    }
  }

  #start(key: string, work: (context: FlightContext) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    let condition = (): boolean => true;
    const context = { signal: controller.signal, joinWhile: (given: () => boolean) => void (condition = given) };
    const result = work(context);
    const flight = { result, controller, callers: 0, settled: false, joinable: () => condition() };
    // Nobody may be left to hear of a failure that comes after the last caller's leaving.
    const settle = (): void => void (flight.settled = true);
    result.then(settle, settle);
    this.#flights.set(key, flight);
    return flight;
  }

  #end(key: string, flight: Flight<T>): void {
    if (!flight.settled) flight.controller.abort();
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
