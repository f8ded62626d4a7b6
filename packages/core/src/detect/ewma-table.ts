/**
 * Exponentially weighted mean and variance of many series in typed arrays: the baseline that costs least. For each value
 * x of a series: d = x - m, m += a d, v = (1 - a)(v + a d^2) (West 1979 for weighted moments; the EWMA and EWMV of
 * `pandas.Series.ewm(adjust=False)` with bias). The first value is the mean. NaN and infinities teach nothing, nor does
 * a value whose distance has no finite square; as the first one it gives way to the next.
 */

/** Weight of a new value: an in-control run of about 500 values with limits of 2.615 standard errors. */
export const DEFAULT_WEIGHT = 0.05;
const INITIAL_SERIES = 1_024;

export interface Baseline {
  readonly mean: number;
  /** Population variance, exponentially weighted. */
  readonly variance: number;
  /** Values that were learned from. */
  readonly count: number;
}

export class EwmaTable {
  readonly #weight: number;
  #means = new Float64Array(INITIAL_SERIES);
  #variances = new Float64Array(INITIAL_SERIES);
  #counts = new Uint32Array(INITIAL_SERIES);

  /** Throws RangeError unless 0 < weight < 1. */
  constructor(weight = DEFAULT_WEIGHT) {
    if (!(weight > 0 && weight < 1)) throw new RangeError(`EWMA weight ${weight} is not between 0 and 1`);
    this.#weight = weight;
  }

  update(series: number, value: number): void {
    if (value - value !== 0) return;
    if (series >= this.#counts.length) this.#makeRoomFor(series);
    const count = this.#counts[series] as number;
    if (count === 0) {
      this.#means[series] = value;
      this.#variances[series] = 0;
    } else {
      const weight = this.#weight;
      const delta = value - (this.#means[series] as number);
      const variance = (1 - weight) * ((this.#variances[series] as number) + weight * delta * delta);
      if (variance === Infinity) {
        if (count === 1 && Math.abs(value) < Math.abs(this.#means[series] as number)) this.#means[series] = value;
        return;
      }
      this.#means[series] = (this.#means[series] as number) + weight * delta;
      this.#variances[series] = variance;
    }
    if (count < 0xffffffff) this.#counts[series] = count + 1;
  }

  /** Undefined before the first value. */
  get(series: number): Baseline | undefined {
    const count = this.#counts[series] ?? 0;
    if (count === 0) return undefined;
    return { mean: this.#means[series] as number, variance: this.#variances[series] as number, count };
  }

  #makeRoomFor(series: number): void {
    const room = Math.max(series + 1, this.#counts.length * 2);
    const [means, variances, counts] = [new Float64Array(room), new Float64Array(room), new Uint32Array(room)];
    means.set(this.#means);
    variances.set(this.#variances);
    counts.set(this.#counts);
    [this.#means, this.#variances, this.#counts] = [means, variances, counts];
  }
}
