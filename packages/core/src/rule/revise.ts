/**
 * Judges the past of an alerting rule anew, after late data changed what it saw, and yields what the log of transitions
 * lacks: read in its order, with these rows behind those of the same stamp, the log then says what an evaluation in time
 * would have said. Pure, as `stepRule`, whose steps it repeats; what is said already (also by an earlier revision) is not
 * said again, so revising twice changes nothing.
 */
import { formatDurationMs } from '../model/duration.ts';
import type { VectorSample } from '../promql/result.ts';
import {
  stepRule,
  type ActiveAlert,
  type AlertingRule,
  type AlertPhase,
  type RuleState,
  type Transition,
} from './condition.ts';

const STANDS = 'from here on what was decided at the time stands';

export interface RevisedRule {
  readonly rule: AlertingRule;
  /** What the log says from the first step on, in its order: what was decided at the time, and what was revised. */
  readonly logged: readonly Transition[];
  /** The alerts that are open after all of that; those of them that the log does not mention were open before. */
  readonly open: RuleState;
  /** Stamp of the first step. */
  readonly fromNanos: bigint;
  /** A change that was decided at most so much later than it might have been is no difference: samples take time to come. */
  readonly toleranceNanos: bigint;
}

export type RevisionStep =
  { readonly ok: true; readonly revised: readonly Transition[] } | { readonly ok: false; readonly problem: string };

export class RuleRevision {
  readonly #of: RevisedRule;
  #state: RuleState;
  /** What the log says at the present step, revisions included, of alerts that are open. */
  readonly #said = new Map<string, Transition>();
  #next = 0;

  constructor(of: RevisedRule) {
    this.#of = of;
    const before = stateBefore(of);
    this.#state = before;
    for (const [key, alert] of before) this.#said.set(key, saidOf(alert, of.fromNanos));
  }

  /**
   * Steps in ascending order of time; all of those that were evaluated then. At the last one the log goes back to what was
   * decided at the time, which stands from there on.
   */
  step(input: {
    readonly vector: readonly VectorSample[];
    readonly now: bigint;
    readonly isLast: boolean;
  }): RevisionStep {
    const { rule } = this.#of;
    const step = stepRule(rule, this.#state, input);
    if (!step.ok) return step;
    this.#state = step.state;
    this.#take(input.now);
    const standing = input.isLast ? this.#standing(input.now) : new Map<string, Transition>();
    const revised: Transition[] = [];
    for (const key of new Set([...step.state.keys(), ...this.#said.keys(), ...standing.keys()])) {
      const judged = step.state.get(key)?.phase ?? 'inactive';
      const to = input.isLast ? standingOf(standing.get(key), judged) : judged;
      if (to === phaseOf(this.#said.get(key)) || this.#isDecidedSoon(key, to, input.now)) continue;
      const reason = to === judged ? reasonOf(rule, to) : STANDS;
      // One of the three is there, or nothing would differ.
      const about = step.state.get(key) ?? this.#said.get(key) ?? standing.get(key);
      revised.push(this.#revise(about as Transition, { to, reason, timeNanos: input.now }));
    }
    return { ok: true, revised: revised.sort((a, b) => (a.labels.key < b.labels.key ? -1 : 1)) };
  }

  /** Of each alert the first row behind the stamp; of those that have none, what is open, as a row that changes nothing. */
  #standing(now: bigint): Map<string, Transition> {
    const { logged, open } = this.#of;
    const standing = new Map<string, Transition>();
    for (const row of logged) {
      if (row.timeNanos > now && !standing.has(row.labels.key)) standing.set(row.labels.key, row);
    }
    for (const [key, alert] of open) if (!standing.has(key)) standing.set(key, saidOf(alert, now));
    return standing;
  }

  /** Takes over what the log says up to the stamp. */
  #take(now: bigint): void {
    const { logged } = this.#of;
    for (; this.#next < logged.length; this.#next++) {
      const row = logged[this.#next] as Transition;
      if (row.timeNanos > now) return;
      this.#say(row);
    }
  }

  #say(row: Transition): void {
    if (row.to === 'inactive') this.#said.delete(row.labels.key);
    else this.#said.set(row.labels.key, row);
  }

  #isDecidedSoon(key: string, to: AlertPhase, now: bigint): boolean {
    const { logged, toleranceNanos } = this.#of;
    for (let at = this.#next; at < logged.length; at++) {
      const row = logged[at] as Transition;
      if (row.timeNanos - now > toleranceNanos) return false;
      if (row.labels.key === key && row.to === to) return true;
    }
    return false;
  }

  #revise(
    { labels, annotations, value, activeAtNanos }: ActiveAlert | Transition,
    { to, reason, timeNanos }: Pick<Transition, 'to' | 'reason' | 'timeNanos'>,
  ): Transition {
    const from = phaseOf(this.#said.get(labels.key));
    const why = `revised by samples that came late: ${reason}`;
    const row = { timeNanos, labels, annotations, value, activeAtNanos, from, to, reason: why };
    this.#say(row);
    return row;
  }
}

/** The alerts that were open before the first step: of what the log mentions, where it came from; else what is open still. */
function stateBefore({ rule, logged, open, fromNanos }: RevisedRule): RuleState {
  const state = new Map<string, ActiveAlert>();
  const mentioned = new Set<string>();
  for (const row of logged) {
    const { key } = row.labels;
    if (mentioned.has(key)) continue;
    mentioned.add(key);
    const alert = fromRow(row, rule.keepFiringForNanos);
    if (alert !== undefined) state.set(key, alert);
  }
  for (const [key, alert] of open) {
    if (!mentioned.has(key) && alert.activeAtNanos < fromNanos) state.set(key, alert);
  }
  return state;
}

/** The alert as it was before the row; when keeping began is known only of one whose keeping ends with it. */
function fromRow(row: Transition, keepFiringForNanos: bigint): ActiveAlert | undefined {
  const { labels, annotations, value, activeAtNanos, from, timeNanos } = row;
  if (from === 'inactive') return undefined;
  const keptSinceNanos = from === 'keep_firing' ? timeNanos - keepFiringForNanos : null;
  return { labels, annotations, value, activeAtNanos, phase: from, keptSinceNanos };
}

function saidOf({ phase, labels, annotations, value, activeAtNanos }: ActiveAlert, timeNanos: bigint): Transition {
  return { labels, annotations, value, activeAtNanos, timeNanos, from: phase, to: phase, reason: '' };
}

function phaseOf(said: Transition | undefined): AlertPhase {
  return said?.to ?? 'inactive';
}

/** Where the log goes on from at the end: from what was judged now, if the next decision came to the same. */
function standingOf(row: Transition | undefined, judged: AlertPhase): AlertPhase {
  if (row === undefined) return 'inactive';
  return row.to === judged ? judged : row.from;
}

function reasonOf({ forNanos }: AlertingRule, to: AlertPhase): string {
  if (to === 'firing') return 'the condition held';
  if (to === 'keep_firing') return 'the condition did not hold any more, and it was kept firing';
  if (to === 'inactive') return 'the condition did not hold';
  return `the condition held, but not yet for ${formatDurationMs(Number(forNanos / 1_000_000n))}`;
}
