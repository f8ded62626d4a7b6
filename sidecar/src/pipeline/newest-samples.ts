/**
 * The newest sample of each gauge and counter, to know it again. Writers of remote write and line protocol send a request
 * once more when its answer was lost, without any id; such a repeat changes no rate, but it would count twice in
 * `count_over_time` and `sum_over_time`. Prometheus drops it, too. Older samples than the newest are not looked at.
 */
import { INITIAL_ROWS } from './column-room.ts';

export class NewestSamples {
  #seconds = new Uint32Array(INITIAL_ROWS);
  #nanos = new Uint32Array(INITIAL_ROWS);
  #values = new Float64Array(INITIAL_ROWS);

  /** True when the series' last sample was the same, stamp and value; else it is remembered. */
  isRepeat(series: number, seconds: number, nanos: number, value: number): boolean {
    if (series >= this.#seconds.length) this.#makeRoomFor(series);
    const last = this.#values[series] as number;
    if (
      this.#seconds[series] === seconds &&
      this.#nanos[series] === nanos &&
      (last === value || (last !== last && value !== value))
    )
      return true;
    this.#seconds[series] = seconds;
    this.#nanos[series] = nanos;
    this.#values[series] = value;
    return false;
  }

  /** The series ended: what comes at the same stamp is new. */
  forget(series: number): void {
    if (series < this.#seconds.length) this.#seconds[series] = 0;
  }

  #makeRoomFor(series: number): void {
    const room = Math.max(series + 1, this.#seconds.length * 2);
    const grown = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#seconds = grown(this.#seconds, new Uint32Array(room));
    this.#nanos = grown(this.#nanos, new Uint32Array(room));
    this.#values = grown(this.#values, new Float64Array(room));
  }
}
