/**
 * What a bench demands of its own figures: a limit that fails the bench when it is missed, a goal that does not, and the
 * rows of REQUIREMENTS.md that the measurement shows. A row that several demands of a bench name needs all of them. A
 * figure of a shorter or smaller run than the demand speaks of is not judged, and neither is one that was not measured.
 */
const BOUNDS = {
  'at most': (value: number, limit: number): boolean => value <= limit,
  below: (value: number, limit: number): boolean => value < limit,
  'at least': (value: number, limit: number): boolean => value >= limit,
  above: (value: number, limit: number): boolean => value > limit,
} as const;

export type Bound = keyof typeof BOUNDS;
export const BOUND_NAMES = Object.keys(BOUNDS) as [Bound, ...Bound[]];

/** One run shows no more rows than one test does. */
export const MAX_ROWS_PER_DEMAND = 3;

export interface Demand {
  /** Unique in its bench, also across its settings: what earlier runs told of it is found by it. */
  readonly name: string;
  /** Undefined where it was not measured. NaN meets nothing. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly bound: Bound;
  readonly limit: number;
  readonly goal?: number;
  readonly rows?: readonly string[];
  /** Why the figure says nothing about the limit, such as a shorter run; empty or left out when it does. */
  readonly unjudged?: string;
}

export const VERDICTS = ['goal', 'met', 'missed', 'not judged'] as const;
export type Verdict = (typeof VERDICTS)[number];

export function verdictOf({ value, bound, limit, goal, unjudged = '' }: Demand): Verdict {
  if (value === undefined || unjudged !== '') return 'not judged';
  const meets = BOUNDS[bound];
  if (!meets(value, limit)) return 'missed';
  return goal !== undefined && meets(value, goal) ? 'goal' : 'met';
}

/** Why a demand is not judged; empty when it is. */
export function unjudgedReason({ value, unjudged = '' }: Demand): string {
  return unjudged !== '' ? unjudged : value === undefined ? 'not measured' : '';
}

/** For `console.table`: one line each. */
export function demandTable(demands: readonly Demand[]): Record<string, Record<string, string>> {
  return Object.fromEntries(
    demands.map((demand) => {
      const { name, value, unit, bound, limit, goal, rows = [] } = demand;
      const reason = unjudgedReason(demand);
      const cells = {
        measured: value === undefined ? '' : `${figure(value)} ${unit}`.trim(),
        demanded: `${bound} ${figure(limit)}`,
        goal: goal === undefined ? '' : figure(goal),
        verdict: reason === '' ? verdictOf(demand) : `not judged: ${reason}`,
        rows: rows.join(', '),
      };
      return [name, cells];
    }),
  );
}

/** Three significant digits, all of a whole number. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1_000 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** A reason for each part of a run that is smaller than what the demands speak of; empty when none is. */
export function shorterThan(full: Readonly<Record<string, number>>, run: Readonly<Record<string, number>>): string {
  return Object.entries(full)
    .filter(([setting, needed]) => !((run[setting] ?? NaN) >= needed))
    .map(([setting, needed]) => `${setting} ${figure(run[setting] ?? NaN)}, full ${figure(needed)}`)
    .join('; ');
}
