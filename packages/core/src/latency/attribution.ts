/**
 * Which hop made orders slow: the tail band of a period against its median band and, where there is one, against the same
 * band of an earlier period. Names a hop only when it leads the next one by more than chance (two standard errors of the
 * difference) and more than what the clocks may hide; otherwise says why it cannot tell. Hops that end at a host whose
 * process stood still count as one, because a pause shows on the way in as much as inside.
 */
import { normalCumulative } from '../stats/normal-distribution.ts';
import { trackClocks, type ClockTrack } from './clock-track.ts';
import { isCrossing, type HopTrace } from './hop-trace.ts';
import { findPauses } from './pause.ts';
import { bandOf, correctedNanos, rankTraces, type Band, type HopMean, type RankedTraces } from './tail-attribution.ts';

export interface AttributionOptions {
  /** Where the tail begins; 0.99 unless told. */
  readonly quantile?: number;
  /** Half of the tail band's width in quantiles; absent: everything above `quantile`. */
  readonly halfWidth?: number;
}

export interface HopRow {
  readonly hop: string;
  /** A hop between two hosts depends on their clocks. */
  readonly crossing: boolean;
  readonly medianNanos: number;
  readonly tailNanos: number;
  /** Tail minus median band: these sum to the whole excess. */
  readonly excessNanos: number;
  /** Tail minus the earlier period's tail; null without one. */
  readonly changeNanos: number | null;
  /** Of the sum of what the verdict judges (changes, else excesses); null where that is not above zero. */
  readonly share: number | null;
  /** Plus or minus: two standard errors, and what the clocks may hide. */
  readonly errorNanos: number;
  readonly clockErrorNanos: number;
  /** What it added to the average trace: against the earlier average, else against the median band. */
  readonly addedNanos: number;
  /** Traces, by weight, slower on this hop than all but one in a thousand of the earlier ones (or of the median band). */
  readonly touched: number;
}

export type Verdict =
  | {
      readonly kind: 'slow_hop';
      /** The first leads; a second one is as slow within the error. */
      readonly hops: readonly string[];
      readonly cause: 'hop' | 'network' | 'pause';
      /** The host that stood still. */
      readonly host: string;
      /** Of what the tail became slower by; null where it did not as a whole, because others got faster. */
      readonly share: number | null;
      readonly effectNanos: number;
      /** Orders slower than normal there, by weight. */
      readonly ordersTouched: number;
      /** Probability that it leads, chance and clocks considered. */
      readonly confidence: number;
    }
  | {
      readonly kind: 'cannot_tell';
      readonly reason: 'too_few_traces' | 'clock_skew' | 'no_leader';
      readonly among: readonly string[];
      readonly effectNanos: number;
    }
  | { readonly kind: 'nothing_slow'; readonly effectNanos: number };

export interface Attribution {
  /** By weight. */
  readonly traces: number;
  readonly reference: number;
  readonly tail: Band | null;
  readonly median: Band | null;
  /** Slowest first. */
  readonly rows: readonly HopRow[];
  readonly verdict: Verdict;
  /** How far clocks moved against one another, as far as the stamps show. */
  readonly clockMovementNanos: number;
}

const EVERYTHING = { quantile: 0 };
/** Half of the median band's width. */
const MEDIAN_HALF_WIDTH = 0.1;
/** How many standard errors between two hops are more than chance. */
const CHANCE = 2;
/** How many standard errors are a change at all: there are several hops that chance may move. */
const CHANCE_AT_ALL = 3.5;
/** A fault that makes the tail touches at least this many orders, as a share of the tail's. */
const LEAST_TOUCHED = 0.2;
/** A change below this share of the tail is nothing to report. */
const LEAST_CHANGE = 0.05;
/** From this share of bunched delay on, a host paused. */
const PAUSE_SHARE = 0.4;
/** A second hop is named beside the first from this share of the first on. */
const SECOND_SHARE = 0.5;

/** `reference`: an earlier period of the same orders; empty where there is none. */
export function attributeLatency(
  traces: readonly HopTrace[],
  reference: readonly HopTrace[],
  { quantile = 0.99, halfWidth }: AttributionOptions = {},
): Attribution {
  const inTime = [...reference, ...traces].sort((a, b) => Number(a.timeNanos - b.timeNanos));
  const clocks = trackClocks(inTime);
  const ranked = rankTraces(traces);
  const earlier = reference.length === 0 ? null : rankTraces(reference);
  const tailOptions = halfWidth === undefined ? { quantile } : { quantile, halfWidth };
  const tail = bandOf(ranked, tailOptions, clocks);
  const median = bandOf(ranked, { quantile: 0.5, halfWidth: MEDIAN_HALF_WIDTH }, clocks);
  const before = earlier === null ? null : bandOf(earlier, tailOptions, clocks);
  const counts = {
    ...{ traces: Math.round(ranked.weight), reference: Math.round(earlier?.weight ?? 0) },
    clockMovementNanos: clocks.widestNanos,
  };
  if (tail === null || median === null || (earlier !== null && before === null)) {
    const verdict: Verdict = { kind: 'cannot_tell', reason: 'too_few_traces', among: [], effectNanos: 0 };
    return { ...counts, tail, median, rows: [], verdict };
  }
  const all = bandOf(ranked, EVERYTHING, clocks) ?? tail;
  const allBefore = earlier === null ? median : (bandOf(earlier, EVERYTHING, clocks) ?? median);
  const rows = hopRows({ tail, median, before, all, allBefore, touched: touchedBy(ranked, earlier, clocks) });
  return { ...counts, tail, median, rows, verdict: judge(rows, { tail, base: before ?? median }) };
}

/** Equals the tail band's mean minus the median band's, within rounding. */
export function totalExcess({ rows }: Attribution): number {
  return rows.reduce((sum, { excessNanos }) => sum + excessNanos, 0);
}

interface Bands {
  readonly tail: Band;
  readonly median: Band;
  readonly before: Band | null;
  readonly all: Band;
  readonly allBefore: Band;
  readonly touched: (hop: string) => number;
}

const ABSENT: HopMean = { nanos: 0, standardError: 0, clockError: 0 };

function hopRows({ tail, median, before, all, allBefore, touched }: Bands): HopRow[] {
  const base = before ?? median;
  const names = [...new Set([...tail.hops.keys(), ...base.hops.keys(), ...median.hops.keys()])];
  const effect = tail.meanNanos - base.meanNanos;
  const crossing = new Set(
    [...tail.traces, ...base.traces].flatMap(({ hops }) => hops.filter(isCrossing).map(({ name }) => name)),
  );
  return names
    .map((hop): HopRow => {
      const [now, then, usual] = [tail, base, median].map(({ hops }) => hops.get(hop) ?? ABSENT) as [
        HopMean,
        HopMean,
        HopMean,
      ];
      const clockErrorNanos = now.clockError + then.clockError;
      return {
        hop,
        crossing: crossing.has(hop),
        medianNanos: usual.nanos,
        tailNanos: now.nanos,
        excessNanos: now.nanos - usual.nanos,
        changeNanos: before === null ? null : now.nanos - then.nanos,
        share: effect > 0 ? (now.nanos - then.nanos) / effect : null,
        errorNanos: CHANCE * Math.hypot(now.standardError, then.standardError) + clockErrorNanos,
        clockErrorNanos,
        addedNanos: (all.hops.get(hop) ?? ABSENT).nanos - (allBefore.hops.get(hop) ?? ABSENT).nanos,
        touched: touched(hop),
      };
    })
    .sort((a, b) => effectOf(b) - effectOf(a));
}

function effectOf({ changeNanos, excessNanos }: HopRow): number {
  return changeNanos ?? excessNanos;
}

/** What competes for the verdict: one hop, or all that end at a host that stood still. */
interface Candidate {
  readonly hops: readonly string[];
  readonly pausedHost: string;
  readonly crossing: boolean;
  readonly effect: number;
  readonly chance: number;
  readonly clockError: number;
  readonly touched: number;
}

function judge(rows: readonly HopRow[], { tail, base }: { readonly tail: Band; readonly base: Band }): Verdict {
  const effectNanos = tail.meanNanos - base.meanNanos;
  const candidates = candidatesOf(rows, tail, base);
  const [lead, next] = candidates;
  if (lead === undefined || lead.effect <= LEAST_CHANGE * base.meanNanos) return { kind: 'nothing_slow', effectNanos };
  const orders = tail.traces.reduce((sum, { weight }) => sum + weight, 0);
  if (lead.touched < LEAST_TOUCHED * orders) return { kind: 'nothing_slow', effectNanos };
  // Faults that alternate make each hop's mean uncertain, not their sum: one of the two must be more than chance.
  const whole = CHANCE_AT_ALL * Math.hypot(tail.standardError, base.standardError);
  if (lead.effect <= (CHANCE_AT_ALL / CHANCE) * lead.chance && effectNanos <= whole)
    return { kind: 'nothing_slow', effectNanos };
  const doubt = leadOver(lead, next);
  if (doubt === 'leads') return named([lead], effectNanos, next);
  const third = candidates[2];
  // Two that are equally slow, and both above all others, are both named.
  if (next !== undefined && doubt === 'no_leader' && next.effect >= SECOND_SHARE * lead.effect) {
    if (leadOver(next, third) === 'leads') return named([lead, next], effectNanos, third);
  }
  const among = candidates.filter(({ effect }) => effect >= SECOND_SHARE * lead.effect).flatMap(({ hops }) => hops);
  return { kind: 'cannot_tell', reason: doubt, among, effectNanos };
}

function leadOver(lead: Candidate, next: Candidate | undefined): 'leads' | 'clock_skew' | 'no_leader' {
  const gap = lead.effect - Math.max(0, next?.effect ?? 0);
  const chance = Math.hypot(lead.chance, next?.chance ?? 0);
  if (gap <= chance) return 'no_leader';
  return gap <= chance + lead.clockError + (next?.clockError ?? 0) ? 'clock_skew' : 'leads';
}

function named(leads: readonly Candidate[], effectNanos: number, next: Candidate | undefined): Verdict {
  const last = leads[leads.length - 1] as Candidate;
  const first = leads[0] as Candidate;
  const gap = last.effect - Math.max(0, next?.effect ?? 0) - last.clockError - (next?.clockError ?? 0);
  const deviation = Math.hypot(last.chance, next?.chance ?? 0) / CHANCE;
  return {
    kind: 'slow_hop',
    hops: leads.flatMap(({ hops }) => hops),
    cause: first.pausedHost !== '' ? 'pause' : first.crossing ? 'network' : 'hop',
    host: first.pausedHost,
    share: effectNanos > 0 ? Math.min(1, leads.reduce((sum, { effect }) => sum + effect, 0) / effectNanos) : null,
    effectNanos,
    ordersTouched: Math.max(...leads.map(({ touched }) => touched)),
    confidence: deviation > 0 ? normalCumulative(gap / deviation) : 1,
  };
}

function candidatesOf(rows: readonly HopRow[], tail: Band, base: Band): Candidate[] {
  const paused = findPauses(tail.traces, (hop) => base.hops.get(hop)?.nanos ?? 0)
    .filter(({ bunchedShare }) => bunchedShare >= PAUSE_SHARE)
    .map(({ host, hops }) => ({ host, rows: rows.filter(({ hop }) => hops.includes(hop)) }))
    .filter((pause) => pause.rows.length > 0);
  const alone = rows.filter((row) => !paused.some((pause) => pause.rows.includes(row)));
  return [
    ...paused.map((pause) => candidate(pause.rows, pause.host)),
    ...alone.map((row) => candidate([row], '')),
  ].sort((a, b) => b.effect - a.effect);
}

function candidate(rows: readonly HopRow[], pausedHost: string): Candidate {
  return {
    // The process itself first: that is where the pause is.
    hops: [...rows].sort((a, b) => Number(a.crossing) - Number(b.crossing)).map(({ hop }) => hop),
    pausedHost,
    crossing: rows.every(({ crossing }) => crossing),
    effect: rows.reduce((sum, row) => sum + effectOf(row), 0),
    chance: Math.hypot(...rows.map(({ errorNanos, clockErrorNanos }) => errorNanos - clockErrorNanos)),
    // A pause is seen by the bunches, which no clock makes.
    clockError: pausedHost === '' ? Math.max(...rows.map(({ clockErrorNanos }) => clockErrorNanos)) : 0,
    touched: Math.max(...rows.map(({ touched }) => touched)),
  };
}

/** One in a thousand of normal traces is slower than the limit; that many are taken off again. */
const NORMAL_ABOVE = 0.001;

function touchedBy(now: RankedTraces, earlier: RankedTraces | null, clocks: ClockTrack): (hop: string) => number {
  const normal = hopTimes(earlier === null ? lowerHalf(now) : earlier.traces, clocks);
  const present = hopTimes(now.traces, clocks);
  return (hop) => {
    const limit = limitOf(normal.get(hop) ?? []);
    const list = present.get(hop) ?? [];
    const above = list.reduce((sum, { nanos, weight }) => sum + (nanos > limit ? weight : 0), 0);
    const expected = NORMAL_ABOVE * list.reduce((sum, { weight }) => sum + weight, 0);
    return Math.max(0, Math.round(above - expected));
  };
}

/** So long that `NORMAL_ABOVE` of the weight took longer at the most. */
function limitOf(times: readonly HopTime[]): number {
  const sorted = [...times].sort((a, b) => a.nanos - b.nanos);
  const wanted = (1 - NORMAL_ABOVE) * sorted.reduce((sum, { weight }) => sum + weight, 0);
  let reached = 0;
  return (sorted.find(({ weight }) => (reached += weight) > wanted) ?? sorted.at(-1))?.nanos ?? -Infinity;
}

interface HopTime {
  readonly nanos: number;
  readonly weight: number;
}

function lowerHalf({ traces, ranks }: RankedTraces): readonly HopTrace[] {
  return traces.filter((_, i) => (ranks[i] as number) <= 0.75);
}

function hopTimes(traces: readonly HopTrace[], clocks: ClockTrack): Map<string, HopTime[]> {
  const times = new Map<string, HopTime[]>();
  for (const trace of traces)
    for (const [h, { name }] of trace.hops.entries()) {
      const row = { nanos: correctedNanos(trace, h, clocks), weight: trace.weight };
      const list = times.get(name);
      if (list === undefined) times.set(name, [row]);
      else list.push(row);
    }
  return times;
}
