/** Plans and running merges of the live head alone; they go with it. */
import { ExponentialHistogram, type Labels, type SelectRequest, type SeriesData } from '@tapewatch/core';

export interface Horizon {
  readonly rawFromMs: number;
  readonly secondsFromMs: number;
}

export const ENDLESS: Horizon = { rawFromMs: -Infinity, secondsFromMs: -Infinity };

export const SECOND_LEVEL_MS = 1_000;
export const TEN_SECOND_LEVEL_MS = 10_000;

const COARSE_RESOLUTION_MS = 60_000;
const COARSE_RANGE_MS = 2 * 3_600_000;
/** The end of a coarse range is read raw: windows are written only once they are sealed. */
const RAW_TAIL_MS = 600_000;

/** A part of the range, both ends inclusive. `levelMs` 0 means raw samples. */
export interface Segment {
  readonly levelMs: 0 | typeof SECOND_LEVEL_MS | typeof TEN_SECOND_LEVEL_MS;
  readonly startMs: number;
  readonly endMs: number;
}

/** Segments in ascending order of time, without overlap. */
export function planValues(request: SelectRequest, horizon: Horizon): Segment[] {
  const { startMs, endMs, resolutionMs } = request;
  const coarse = resolutionMs >= COARSE_RESOLUTION_MS && endMs - startMs > COARSE_RANGE_MS;
  const rawFrom = Math.max(horizon.rawFromMs, coarse ? endMs - RAW_TAIL_MS : -Infinity);
  if (startMs >= rawFrom) return [{ levelMs: 0, startMs, endMs }];
  const level: Segment = { levelMs: planLevel(request, horizon), startMs, endMs: Math.min(endMs, rawFrom - 1) };
  return rawFrom > endMs ? [level] : [level, { levelMs: 0, startMs: rawFrom, endMs }];
}

/** The finest level that the resolution needs and retention has left over the whole range. */
export function planLevel(
  { startMs, resolutionMs }: SelectRequest,
  horizon: Horizon,
): typeof SECOND_LEVEL_MS | typeof TEN_SECOND_LEVEL_MS {
  // Windows of 10 s meet the steps of a resolution that they divide; for others below a minute the finer level does.
  const coarse =
    resolutionMs >= COARSE_RESOLUTION_MS ||
    (resolutionMs >= TEN_SECOND_LEVEL_MS && resolutionMs % TEN_SECOND_LEVEL_MS === 0);
  const fine = !coarse && startMs >= horizon.secondsFromMs;
  return fine ? SECOND_LEVEL_MS : TEN_SECOND_LEVEL_MS;
}

type Spacing = Pick<SelectRequest, 'endMs' | 'resolutionMs'>;

export interface Deltas {
  readonly timesMs: readonly number[];
  readonly base: ExponentialHistogram | undefined;
  readonly deltas: readonly ExponentialHistogram[];
}

/**
 * Running merge: a point holds the base and every delta up to it. Of the points that fall between two steps of the asked
 * resolution, counted back from the end of the range, only the last one is made: cloning is what costs, and a cumulative
 * point is exact at its own stamp whatever is left out before it. O(deltas x buckets).
 */
export function cumulate(labels: Labels, { timesMs, base, deltas }: Deltas, spacing: Spacing): SeriesData {
  const first = base ?? deltas[0];
  // An empty start of the same shape: merging must not widen a zero threshold or coarsen a scale that nobody has.
  const running = first === undefined ? new ExponentialHistogram() : emptyLike(first);
  if (base !== undefined) running.merge(base);
  const kept: number[] = [];
  const histograms: ExponentialHistogram[] = [];
  deltas.forEach((delta, i) => {
    running.merge(delta);
    const [time, next] = [timesMs[i] as number, timesMs[i + 1]];
    if (next !== undefined && stepOf(time, spacing) === stepOf(next, spacing)) return;
    kept.push(time);
    histograms.push(running.clone());
  });
  return { labels, timesMs: kept, values: kept.map(() => NaN), histograms };
}

/** Number of the step that a stamp falls in, its end inclusive; every stamp is its own step when all are wanted. */
function stepOf(timeMs: number, { endMs, resolutionMs }: Spacing): number {
  return resolutionMs <= 1 ? timeMs : Math.ceil((timeMs - endMs) / resolutionMs);
}

export function emptyLike({ scale, zeroThreshold, maxBuckets }: ExponentialHistogram): ExponentialHistogram {
  return new ExponentialHistogram({ scale, zeroThreshold, maxBuckets });
}
