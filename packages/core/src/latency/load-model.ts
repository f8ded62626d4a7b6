/**
 * "Market or us?": what latency is expected at the present load of the market, and whether what is left is normal. Per
 * window, y = log(1 + latency in ms) is explained by log messages, log(1 + trades) and the logarithm of realised variance
 * (each standardised on the warm-up) with recursive least squares that forgets by 0.998 a window; the innovation is clipped
 * at 3 robust deviations, so that a fault does not become normal. The residual as a robust z over the last 60 s beyond 3.5
 * in 2 of 3 windows is a fault; y beyond it while the residual is not is the market's doing. Method: DOMAIN.md 5.9; recursive least squares
 * as in Haykin, "Adaptive Filter Theory", chapter 9. Cost per window: O(windows in 60 s).
 */

/** What happened in one window. */
export interface LoadWindow {
  readonly endMs: number;
  /** A quantile of the stage's latency; null where nothing passed. */
  readonly latencyMs: number | null;
  readonly messages: number;
  readonly trades: number;
  /** Sum of squared log returns; 0 where the price stood still. */
  readonly realisedVariance: number;
}

export const MARKET_VERDICTS = ['normal', 'market', 'fault', 'warming_up', 'no_data'] as const;
export type MarketVerdict = (typeof MARKET_VERDICTS)[number];

export interface LoadPoint {
  readonly endMs: number;
  readonly observedMs: number | null;
  /** At this load; null while warming up. */
  readonly expectedMs: number | null;
  /** Robust z of what the load does not explain, and of the latency itself. */
  readonly residualZ: number | null;
  readonly rawZ: number | null;
  /** The second largest residual of the last three: above the threshold exactly where the verdict is a fault. */
  readonly faultScore: number | null;
  readonly verdict: MarketVerdict;
}

export interface LoadModelOptions {
  readonly windowMs?: number;
  readonly threshold?: number;
  readonly warmUpWindows?: number;
}

export const DEFAULT_LOAD_WINDOW_MS = 250;
const FORGETTING = 0.998;
const CLIP = 3;
const HISTORY_MS = 60_000;
const DEFAULT_THRESHOLD = 3.5;
const DEFAULT_WARM_UP_MS = 60_000;
/** Of the last windows, so many beyond the threshold are an alarm. */
const OF_WINDOWS = 3;
const LEAST_BEYOND = 2;
/** Prior variance of the coefficients: wide, they are standardised. */
const PRIOR = 100;
/** The price that stood still has no logarithm of its variance: a floor of (0.01 bp)^2. */
const LEAST_VARIANCE = 1e-12;
/** Deviations of log(1 + ms) below this are the resolution of the stamps. */
const LEAST_DEVIATION = 1e-3;

export class LoadModel {
  readonly #threshold: number;
  readonly #warmUp: number;
  readonly #residuals: RobustWindow;
  readonly #levels: RobustWindow;
  readonly #first: { y: number; x: number[] }[] = [];
  #scale: readonly { mean: number; deviation: number }[] | null = null;
  #rls = new RecursiveLeastSquares(4);
  readonly #lastResiduals: number[] = [];
  readonly #lastLevels: number[] = [];

  constructor({
    windowMs = DEFAULT_LOAD_WINDOW_MS,
    threshold = DEFAULT_THRESHOLD,
    warmUpWindows,
  }: LoadModelOptions = {}) {
    this.#threshold = threshold;
    const history = Math.max(20, Math.round(HISTORY_MS / windowMs));
    this.#warmUp = warmUpWindows ?? Math.max(20, Math.round(DEFAULT_WARM_UP_MS / windowMs));
    this.#residuals = new RobustWindow(history);
    this.#levels = new RobustWindow(history);
  }

  /** Windows in order of time. */
  next({ endMs, latencyMs, messages, trades, realisedVariance }: LoadWindow): LoadPoint {
    if (latencyMs === null || !(latencyMs > -1))
      return { ...UNKNOWN, endMs, observedMs: latencyMs, verdict: 'no_data' };
    const y = Math.log1p(latencyMs);
    const raw = [Math.log1p(messages), Math.log1p(trades), Math.log(realisedVariance + LEAST_VARIANCE)];
    if (this.#scale === null) {
      this.#first.push({ y, x: raw });
      if (this.#first.length >= this.#warmUp) this.#learn();
      return { ...UNKNOWN, endMs, observedMs: latencyMs, verdict: 'warming_up' };
    }
    const x = this.#standardised(raw, this.#scale);
    const expected = this.#rls.predict(x);
    const residual = y - expected;
    const residualZ = this.#residuals.z(residual);
    const rawZ = this.#levels.z(y);
    this.#rls.update(x, this.#residuals.clip(residual, CLIP));
    this.#residuals.add(residual);
    this.#levels.add(y);
    const faultScore = secondLargest(this.#lastResiduals, residualZ);
    const slow = secondLargest(this.#lastLevels, rawZ) > this.#threshold;
    const verdict = faultScore > this.#threshold ? 'fault' : slow ? 'market' : 'normal';
    const expectedMs = Math.expm1(expected);
    return { endMs, observedMs: latencyMs, expectedMs, residualZ, rawZ, faultScore, verdict };
  }

  #learn(): void {
    const scale = [0, 1, 2].map((k) => {
      const values = this.#first.map(({ x }) => x[k] as number);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      return { mean, deviation: Math.sqrt(variance) || 1 };
    });
    this.#scale = scale;
    // Twice over the warm-up: the first pass finds the coefficients, the second the residuals that are normal with them.
    for (const { y, x } of this.#first) {
      const row = this.#standardised(x, scale);
      this.#rls.update(row, y - this.#rls.predict(row));
    }
    for (const { y, x } of this.#first) {
      this.#residuals.add(y - this.#rls.predict(this.#standardised(x, scale)));
      this.#levels.add(y);
    }
    this.#first.length = 0;
  }

  #standardised(raw: readonly number[], scale: readonly { mean: number; deviation: number }[]): number[] {
    return [1, ...raw.map((value, k) => (value - (scale[k]?.mean ?? 0)) / (scale[k]?.deviation ?? 1))];
  }
}

/**
 * Several venues on one host: what is wrong on all at once is the host's, what is wrong on one is that venue's or its
 * network's. Undefined where no stage has a fault.
 */
export function commonMode(verdicts: readonly MarketVerdict[]): 'host' | 'venue' | undefined {
  const known = verdicts.filter((verdict) => verdict !== 'no_data' && verdict !== 'warming_up');
  const faults = known.filter((verdict) => verdict === 'fault').length;
  if (faults === 0) return undefined;
  return faults > 1 && faults * 2 > known.length ? 'host' : 'venue';
}

const UNKNOWN = { expectedMs: null, residualZ: null, rawZ: null, faultScore: null } as const;

/** Of the last three with this one; two of three are beyond a threshold exactly when this is. The first stands beside a 0. */
function secondLargest(last: number[], value: number): number {
  last.push(value);
  if (last.length > OF_WINDOWS) last.shift();
  return [...last].sort((a, b) => b - a)[LEAST_BEYOND - 1] ?? Math.min(0, value);
}

/** Median and MAD of the last values. */
class RobustWindow {
  readonly #size: number;
  readonly #ring: number[] = [];
  readonly #sorted: number[] = [];
  #centre = 0;
  #deviation = LEAST_DEVIATION;

  constructor(size: number) {
    this.#size = size;
  }

  add(value: number): void {
    this.#ring.push(value);
    this.#sorted.splice(this.#place(value), 0, value);
    if (this.#ring.length > this.#size) this.#sorted.splice(this.#place(this.#ring.shift() as number), 1);
    const middle = this.#sorted.length >> 1;
    this.#centre = this.#sorted[middle] as number;
    this.#deviation = Math.max(LEAST_DEVIATION, 1.4826 * distanceOf(this.#sorted, middle));
  }

  z(value: number): number {
    return (value - this.#centre) / this.#deviation;
  }

  clip(value: number, deviations: number): number {
    const half = deviations * this.#deviation;
    return Math.min(this.#centre + half, Math.max(this.#centre - half, value));
  }

  /** First index whose value is not below. */
  #place(value: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Median distance from the middle of ascending values: of all stretches of half the values around it, the nearest ends. */
function distanceOf(sorted: readonly number[], middle: number): number {
  const centre = sorted[middle] as number;
  let [low, high, distance] = [middle - 1, middle + 1, 0];
  for (let taken = 0; taken < middle; taken++) {
    const below = low >= 0 ? centre - (sorted[low] as number) : Infinity;
    const above = high < sorted.length ? (sorted[high] as number) - centre : Infinity;
    distance = Math.min(below, above);
    if (below <= above) low--;
    else high++;
  }
  return distance;
}

class RecursiveLeastSquares {
  readonly #weights: number[];
  readonly #covariance: number[][];

  constructor(size: number) {
    this.#weights = new Array<number>(size).fill(0);
    this.#covariance = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (__, j) => (i === j ? PRIOR : 0)),
    );
  }

  predict(x: readonly number[]): number {
    return this.#weights.reduce((sum, weight, i) => sum + weight * (x[i] as number), 0);
  }

  /** `innovation`: the residual before this update, clipped by the caller. */
  update(x: readonly number[], innovation: number): void {
    const px = this.#covariance.map((row) => row.reduce((sum, value, j) => sum + value * (x[j] as number), 0));
    const denominator = FORGETTING + px.reduce((sum, value, i) => sum + value * (x[i] as number), 0);
    for (const [i, value] of px.entries()) {
      const gain = value / denominator;
      this.#weights[i] = (this.#weights[i] as number) + gain * innovation;
    }
    // A direction in which nothing varies would grow without end while the rest forgets: the trace is kept at its prior.
    const trace = this.#covariance.reduce((sum, row, i) => sum + (row[i] as number), 0);
    const forget = trace < PRIOR * px.length ? FORGETTING : 1;
    for (const [i, row] of this.#covariance.entries())
      for (const [j, value] of row.entries())
        row[j] = (value - ((px[i] as number) * (px[j] as number)) / denominator) / forget;
  }
}
