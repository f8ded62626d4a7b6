/**
 * The rungs of the ladder above raw samples, and how far each one reaches: sealed before its mark, complete from its
 * horizon on. What is before a horizon was taken by retention; marks and horizons stand on the level's own grid.
 */
export const LEVELS = ['1s', '10s', '1m', '1h'] as const;
export type Level = (typeof LEVELS)[number];

export const LEVEL_SECONDS: Readonly<Record<Level, number>> = { '1s': 1, '10s': 10, '1m': 60, '1h': 3_600 };

/** Windows that end at or before it are sealed, in seconds since the epoch. */
export type LevelMarks = Readonly<Record<Level, number>>;

/** Where the two kinds of series stand. Gauges and counters have raw samples below 10 s, and 1 s windows once those go. */
export interface Marks {
  readonly value: LevelMarks;
  readonly distribution: LevelMarks;
}

export type WindowKind = keyof Marks;

export const NO_MARKS: Marks = {
  value: { '1s': 0, '10s': 0, '1m': 0, '1h': 0 },
  distribution: { '1s': 0, '10s': 0, '1m': 0, '1h': 0 },
};

export function floorToLevel(seconds: number, level: Level): number {
  const width = LEVEL_SECONDS[level];
  return Math.floor(seconds / width) * width;
}

/** The next finer level; undefined below 1 s. */
export function finerThan(level: Level): Level | undefined {
  return LEVELS[LEVELS.indexOf(level) - 1];
}
