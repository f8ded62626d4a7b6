/**
 * Which tables answer a selector, and for which part of its range. Fine or short requests read raw samples and 1 s
 * windows; wide and coarse ones a wider level; what retention has taken is read from the next wider level, and what a
 * level has not sealed yet from the next finer one. Every store follows this plan, so all give equal answers.
 * Marks and horizons stand on the grids of their levels, so spans join without a gap or an overlap.
 */
import type { SelectRequest } from '@tapewatch/core';
import { finerThan, floorToLevel, LEVELS, LEVEL_SECONDS, type Level, type Marks } from './level.ts';
import type { Horizon } from './retention.ts';

export interface ReadState {
  readonly marks: Marks;
  readonly horizon: Horizon;
}

type Asked = Pick<SelectRequest, 'startMs' | 'endMs' | 'resolutionMs'>;

/** Below this many points a range is read as finely as it is kept. */
const FINE_RANGE_MS = 2 * 3_600_000;
/** A window may be this share of the asked spacing, so that the ends of steps are met closely. */
const WINDOWS_PER_STEP = 6;

/** Part of a range of a gauge or counter, both ends inclusive: raw samples, or the last sample of each window. */
export interface ValueSegment {
  readonly level: Level | 'raw';
  readonly startMs: number;
  readonly endMs: number;
}

/** Windows of a distribution with from <= start < to, in seconds. */
export interface WindowSpan {
  readonly level: Level;
  readonly from: number;
  readonly to: number;
}

/** The level that the resolution needs, whatever is kept. A last sample serves 5 min (look-back), so 1 h is too wide. */
export function valueLevel({ startMs, endMs, resolutionMs }: Asked): Level | 'raw' {
  if (endMs - startMs <= FINE_RANGE_MS || resolutionMs < 60_000) return 'raw';
  return resolutionMs >= WINDOWS_PER_STEP * 60_000 * 2 ? '1m' : '10s';
}

/** The widest level that meets the ends of the steps: by their grid, or nearly because it is much narrower. */
export function distributionLevel({ endMs, resolutionMs }: Asked): Level {
  const meets = (level: Level): boolean => {
    const widthMs = LEVEL_SECONDS[level] * 1_000;
    if (resolutionMs >= WINDOWS_PER_STEP * widthMs) return true;
    if (resolutionMs < widthMs || resolutionMs % widthMs !== 0) return false;
    return level === '10s' || endMs % widthMs === 0;
  };
  return LEVELS.toReversed().find(meets) ?? '1s';
}

/** Segments in ascending order, without overlap. */
export function planValues(request: Asked, { marks, horizon }: ReadState): ValueSegment[] {
  const wanted = valueLevel(request);
  const bounds = [...Object.values(horizon), ...Object.values(marks.value)].map((seconds) => seconds * 1_000);
  const segments: ValueSegment[] = [];
  for (let at = request.startMs; at <= request.endMs;) {
    const level = valueLevelAt(at / 1_000, wanted, { marks, horizon });
    const next = bounds.reduce((end, bound) => (bound > at && bound < end ? bound : end), request.endMs + 1);
    const last = segments.at(-1);
    const segment = { level, startMs: last?.level === level ? last.startMs : at, endMs: next - 1 };
    if (last?.level === level) segments.pop();
    segments.push(segment);
    at = next;
  }
  return segments;
}

function valueLevelAt(seconds: number, wanted: Level | 'raw', { marks, horizon }: ReadState): Level | 'raw' {
  const rungs: (Level | 'raw')[] = ['raw', ...LEVELS];
  let at = rungs.indexOf(wanted);
  while (at < rungs.length - 1 && seconds < horizon[rungs[at] as Level | 'raw']) at++;
  const isSealed = (rung: Level | 'raw'): boolean =>
    // 1 s windows are made when raw samples go.
    rung === 'raw' || seconds < (rung === '1s' ? horizon.raw : marks.value[rung]);
  while (!isSealed(rungs[at] as Level | 'raw')) at--;
  return rungs[at] as Level | 'raw';
}

/** Whether retention has taken, since the plan was made, a part of what it reads: rows that other levels answer for now. */
export function isOvertaken(request: Asked, planned: ReadState, now: Horizon): boolean {
  if (now === planned.horizon) return false;
  const isTaken = (level: Level | 'raw', startSeconds: number): boolean =>
    now[level] > planned.horizon[level] && startSeconds < now[level];
  return (
    planValues(request, planned).some(({ level, startMs }) => isTaken(level, startMs / 1_000)) ||
    planDistributions(request, planned).some(({ level, from }) => isTaken(level, from))
  );
}

/** Sealed windows that end in the range; everything before the first span is the base. Empty when nothing is sealed. */
export function planDistributions(request: Asked, state: ReadState): WindowSpan[] {
  const to = Math.floor(request.endMs / 1_000);
  const first = firstWindow(request, state);
  return first === undefined ? [] : spansFrom({ ...first, to, wanted: distributionLevel(request) }, state);
}

/** The windows, widest first, that make up [from, to) as far as they are kept and sealed. */
export function cover(from: number, to: number, state: ReadState): WindowSpan[] {
  const spans: WindowSpan[] = [];
  let at = from;
  while (at < to) {
    const level = LEVELS.toReversed().find((candidate) => {
      const width = LEVEL_SECONDS[candidate];
      const end = at + width;
      return (
        at % width === 0 && end <= to && end <= state.marks.distribution[candidate] && at >= state.horizon[candidate]
      );
    });
    if (level === undefined) {
      // Taken by retention at every level that fits here: go on where something is kept again.
      const later = LEVELS.map((kept) => state.horizon[kept]).filter((horizon) => horizon > at);
      if (later.length === 0) break;
      at = Math.min(...later);
      continue;
    }
    const finest = LEVELS.filter((finer) => LEVEL_SECONDS[finer] > LEVEL_SECONDS[level]);
    // Until a wider level can take over.
    const wider = finest
      .map((candidate) => {
        const width = LEVEL_SECONDS[candidate];
        const start = Math.max(Math.ceil((at + 1) / width) * width, state.horizon[candidate]);
        return start + width <= Math.min(to, state.marks.distribution[candidate]) ? start : Infinity;
      })
      .reduce((a, b) => Math.min(a, b), Infinity);
    const end = Math.min(floorToLevel(to, level), state.marks.distribution[level], wider);
    spans.push({ level, from: at, to: end });
    at = end;
  }
  return spans;
}

function firstWindow(request: Asked, { marks, horizon }: ReadState): { level: Level; at: number } | undefined {
  const wanted = distributionLevel(request);
  const startOf = (level: Level): number => {
    const width = LEVEL_SECONDS[level];
    return Math.ceil(request.startMs / 1_000 / width) * width - width;
  };
  let level: Level | undefined = wanted;
  while (level !== undefined && startOf(level) >= marks.distribution[level]) level = finerThan(level);
  if (level === undefined) return undefined;
  while (level !== '1h' && startOf(level) < horizon[level]) level = LEVELS[LEVELS.indexOf(level) + 1] as Level;
  return { level, at: Math.max(0, startOf(level), level === '1h' ? horizon[level] : 0) };
}

function spansFrom(
  { at, to, wanted, level: initial }: { at: number; to: number; wanted: Level; level: Level },
  { marks, horizon }: ReadState,
): WindowSpan[] {
  const spans: WindowSpan[] = [];
  let level: Level | undefined = initial;
  let start = at;
  while (level !== undefined) {
    const isWider = LEVEL_SECONDS[level] > LEVEL_SECONDS[wanted];
    const finer: Level | undefined = finerThan(level);
    // What was too old for the wanted level ends where the finer level is complete.
    const kept: number = isWider && finer !== undefined ? Math.max(start, horizon[finer]) : Infinity;
    const end = Math.min(floorToLevel(to, level), marks.distribution[level], kept);
    if (end > start) {
      spans.push({ level, from: start, to: end });
      start = end;
    }
    level = finer;
  }
  return spans;
}
