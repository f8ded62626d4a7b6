/**
 * What a run leaves behind: `test-results/bench-<name>.json`, its demands with what was measured, when, on which commit and
 * machine. A later run replaces what it judged; what it did not judge stays as the run before told it, under that run's
 * own date and commit, so that a short run does not wipe out a full one.
 */
import { z } from 'zod';
import { BOUND_NAMES, unjudgedReason, VERDICTS, verdictOf, type Demand } from './demand.ts';

const originShape = {
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Of HEAD; with `+` where tracked files differed from it. Empty without git. */
  commit: z.string(),
  machine: z.string(),
  /** The command line after `npm run bench --`. */
  command: z.string(),
};

const benchReportSchema = z.strictObject({
  bench: z.string(),
  demands: z.array(
    z.strictObject({
      name: z.string(),
      /** Null where nothing was measured, or no number. */
      value: z.number().nullable(),
      unit: z.string(),
      bound: z.enum(BOUND_NAMES),
      limit: z.number(),
      goal: z.number().optional(),
      rows: z.array(z.string()),
      verdict: z.enum(VERDICTS),
      unjudged: z.string(),
      ...originShape,
    }),
  ),
});

export type BenchReport = z.infer<typeof benchReportSchema>;
export type ReportedDemand = BenchReport['demands'][number];
/** Where and when a run was. */
export type Origin = Pick<ReportedDemand, keyof typeof originShape>;

export function benchReport(bench: string, demands: readonly Demand[], origin: Origin): BenchReport {
  return { bench, demands: demands.map((demand) => reported(demand, origin)) };
}

function reported(demand: Demand, origin: Origin): ReportedDemand {
  const { name, value, unit, bound, limit, goal, rows = [] } = demand;
  return {
    ...{ name, value: value === undefined || !Number.isFinite(value) ? null : value, unit, bound, limit },
    ...(goal === undefined ? {} : { goal }),
    ...{ rows: [...rows], verdict: verdictOf(demand), unjudged: unjudgedReason(demand), ...origin },
  };
}

/** Of a demand whose limit has changed since, the earlier figure tells nothing; one that is no more goes. */
export function mergedReport(earlier: BenchReport | undefined, now: BenchReport): BenchReport {
  const known = new Map(earlier?.demands.map((demand) => [demand.name, demand]));
  const stands = (demand: ReportedDemand): ReportedDemand => {
    const before = known.get(demand.name);
    if (demand.verdict !== 'not judged' || before === undefined) return demand;
    // Of two that are not judged, one that was not measured now tells less than one that was.
    if (before.verdict === 'not judged' && (demand.value !== null || before.value === null)) return demand;
    return demandText(before) === demandText(demand) ? before : demand;
  };
  return { bench: now.bench, demands: now.demands.map(stands) };
}

function demandText({ unit, bound, limit, goal, rows }: ReportedDemand): string {
  return JSON.stringify([unit, bound, limit, goal, rows]);
}

/** Throws where the text is no report. */
export function parseBenchReport(text: string): BenchReport {
  return benchReportSchema.parse(JSON.parse(text));
}
