/**
 * Which table answers a selector. Gauges and counters come from raw samples where those are still kept; wide and coarse
 * requests (a step of a minute or more over more than two hours) and ranges before the raw horizon take the last sample
 * of each window instead, with that sample's own stamp. Both stores follow this plan, so they give equal answers.
 */
import type { SelectRequest } from '@tapewatch/core';
import type { Horizon } from './retention.ts';

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
