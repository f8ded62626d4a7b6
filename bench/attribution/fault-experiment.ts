/** Runs the faults through the attribution and counts: names that are right, abstentions, sums that are exact. */
import { attributeLatency, totalExcess, type Attribution, type HopTrace } from '@tapewatch/core';
import { FAULT_KINDS, faultCase, quietCase, type FaultCase, type FaultKind } from './fault-cases.ts';

export interface FaultOutcome {
  readonly seed: number;
  readonly kind: FaultKind;
  readonly verdict: 'right' | 'wrong' | 'cannot tell' | 'nothing slow';
  /** Where two hops are slow: the one named first is the slower one. */
  readonly larger: boolean;
  /** The effect exceeds twice the skew: then it should not abstain. */
  readonly clear: boolean;
  readonly sumsExactly: boolean;
  /** What a chart of percentiles would name: the hop whose p99 is highest, and the one whose p99 rose most. */
  readonly highestP99: boolean;
  readonly largestRise: boolean;
  readonly text: string;
}

export interface FaultSummary {
  readonly kind: FaultKind | 'all';
  readonly cases: number;
  readonly named: number;
  readonly rightOfNamed: number;
  readonly clear: number;
  readonly abstainedOfClear: number;
  readonly sumsExactly: number;
  readonly highestP99Right: number;
  readonly largestP99RiseRight: number;
}

export function runFault(seed: number): FaultOutcome {
  const fault = faultCase(seed);
  const attribution = attributeLatency(fault.traces, fault.reference);
  const truth = trueHops(fault);
  return {
    seed,
    kind: fault.kind,
    verdict: outcomeOf(attribution, fault),
    larger: attribution.verdict.kind === 'slow_hop' && attribution.verdict.hops[0] === truth[0],
    clear: fault.effectMs > 2 * fault.skewMs,
    sumsExactly: sumsExactly(attribution),
    highestP99: truth.includes(hopOfMost(fault.traces, () => 0)),
    largestRise: truth.includes(hopOfMost(fault.traces, p99By(fault.reference))),
    text: describe(fault, attribution),
  };
}

/** What is named although nothing is slow: the verdict must be `nothing_slow` or `cannot_tell`. */
export function falseName(seed: number): boolean {
  const { traces, reference } = quietCase(seed);
  return attributeLatency(traces, reference).verdict.kind === 'slow_hop';
}

export function summarise(outcomes: readonly FaultOutcome[]): FaultSummary[] {
  const one = (kind: FaultKind | 'all', rows: readonly FaultOutcome[]): FaultSummary => {
    const count = (test: (row: FaultOutcome) => boolean): number => rows.filter(test).length;
    const named = count(({ verdict }) => verdict === 'right' || verdict === 'wrong');
    const clear = count((row) => row.clear);
    const abstained = count((row) => row.clear && row.verdict !== 'right' && row.verdict !== 'wrong');
    return {
      ...{ kind, cases: rows.length, named, clear },
      rightOfNamed: count(({ verdict }) => verdict === 'right') / named,
      abstainedOfClear: abstained / clear,
      sumsExactly: count((row) => row.sumsExactly) / rows.length,
      highestP99Right: count(({ highestP99 }) => highestP99) / rows.length,
      largestP99RiseRight: count(({ largestRise }) => largestRise) / rows.length,
    };
  };
  const kinds = FAULT_KINDS.map((kind) =>
    one(
      kind,
      outcomes.filter((row) => row.kind === kind),
    ),
  );
  return [...kinds, one('all', outcomes)];
}

/** The slower one first. A pause is the host's, so its own hop. */
function trueHops({ delays, pauses }: FaultCase): string[] {
  if (pauses[0] !== undefined) return [pauses[0].host];
  const weight = ({ meanMs, probability, from, to }: FaultCase['delays'][number]): number =>
    meanMs * probability * (to - from);
  return [...delays].sort((a, b) => weight(b) - weight(a)).map(({ hop }) => hop);
}

/** Every name must be of a hop that was slowed; of a pause, its host. */
function outcomeOf({ verdict }: Attribution, fault: FaultCase): FaultOutcome['verdict'] {
  if (verdict.kind === 'cannot_tell') return 'cannot tell';
  if (verdict.kind === 'nothing_slow') return 'nothing slow';
  const truth = trueHops(fault);
  if (verdict.cause === 'pause') return truth.includes(verdict.host) ? 'right' : 'wrong';
  return verdict.hops.every((hop) => truth.includes(hop)) ? 'right' : 'wrong';
}

function sumsExactly(attribution: Attribution): boolean {
  const { tail, median } = attribution;
  if (tail === null || median === null) return true;
  return Math.abs(totalExcess(attribution) - (tail.meanNanos - median.meanNanos)) < 1e-3;
}

function p99By(traces: readonly HopTrace[]): (hop: string) => number {
  const times = new Map<string, number[]>();
  for (const { hops } of traces)
    for (const { name, nanos } of hops) {
      const list = times.get(name);
      if (list === undefined) times.set(name, [nanos]);
      else list.push(nanos);
    }
  const p99 = new Map(
    [...times].map(([hop, list]) => [hop, list.sort((a, b) => a - b)[Math.floor(0.99 * list.length)] ?? 0]),
  );
  return (hop) => p99.get(hop) ?? 0;
}

function hopOfMost(traces: readonly HopTrace[], before: (hop: string) => number): string {
  const now = p99By(traces);
  const names = (traces[0]?.hops ?? []).map(({ name }) => name);
  return names.reduce((best, hop) => (now(hop) - before(hop) > now(best) - before(best) ? hop : best), names[0] ?? '');
}

function describe({ delays, pauses, skewMs }: FaultCase, { verdict, rows }: Attribution): string {
  const faults = [
    ...delays.map(
      ({ hop, meanMs, probability, from, to }) =>
        `${hop} +${meanMs.toFixed(1)} ms on ${(100 * probability).toFixed(0)} % of ${from.toFixed(0)}-${to.toFixed(0)} s`,
    ),
    ...pauses
      .slice(0, 1)
      .map(({ host, from, to }) => `${pauses.length} pauses of ${host}, ${((to - from) * 1e3).toFixed(0)} ms`),
  ];
  const table = rows.map(({ hop, changeNanos, errorNanos, clockErrorNanos }) =>
    [
      hop,
      ((changeNanos ?? 0) / 1e6).toFixed(2),
      `±${(errorNanos / 1e6).toFixed(2)}`,
      `clock ${(clockErrorNanos / 1e6).toFixed(2)}`,
    ].join(' '),
  );
  return `${faults.join('; ')}; skew ${skewMs.toFixed(2)} -> ${JSON.stringify(verdict)} | ${table.join(', ')}`;
}
