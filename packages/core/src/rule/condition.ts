/**
 * The condition of one alerting rule: inactive -> pending -> firing -> (keep firing) -> inactive, per label set.
 * Semantics: prometheus/prometheus, rules/alerting.go (`Eval`). Pure: what comes out depends on the state, the vector
 * and the time only, so that live, replay and restart agree. An alert's label set is series labels, then rule labels,
 * then `alertname`; the metric name is dropped.
 */
import { formatDurationMs } from '../model/duration.ts';
import { Labels } from '../model/labels.ts';
import type { VectorSample } from '../promql/result.ts';
import type { Template } from './template.ts';

export interface AlertingRule {
  readonly name: string;
  readonly forNanos: bigint;
  readonly keepFiringForNanos: bigint;
  readonly labels: Readonly<Record<string, Template>>;
  readonly annotations: Readonly<Record<string, Template>>;
}

export type AlertPhase = 'inactive' | 'pending' | 'firing' | 'keep_firing';

export interface ActiveAlert {
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly phase: Exclude<AlertPhase, 'inactive'>;
  readonly value: number;
  /** First evaluation of this episode at which the condition held. */
  readonly activeAtNanos: bigint;
  /** Set in phase `keep_firing`: the first evaluation at which the condition no longer held. */
  readonly keptSinceNanos: bigint | null;
}

/** Active alerts by the key of their labels. */
export type RuleState = ReadonlyMap<string, ActiveAlert>;

export const EMPTY_RULE_STATE: RuleState = new Map();

export interface Transition {
  readonly timeNanos: bigint;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly from: AlertPhase;
  readonly to: AlertPhase;
  readonly reason: string;
  readonly value: number;
  readonly activeAtNanos: bigint;
}

export type RuleStep =
  | { readonly ok: true; readonly state: RuleState; readonly transitions: readonly Transition[] }
  | { readonly ok: false; readonly problem: string };

interface Held {
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Takes one evaluation of the rule's expression. On a problem the caller keeps the state it has. */
export function stepRule(
  rule: AlertingRule,
  state: RuleState,
  input: { vector: readonly VectorSample[]; now: bigint },
): RuleStep {
  const held = new Map<string, Held>();
  for (const sample of input.vector) {
    const alert = label(rule, sample);
    if (held.has(alert.labels.key)) {
      return { ok: false, problem: `two results have the same labels after templating: ${alert.labels.toString()}` };
    }
    held.set(alert.labels.key, alert);
  }
  const next = new Map<string, ActiveAlert>();
  const transitions: Transition[] = [];
  for (const [key, alert] of held) {
    const before = state.get(key);
    const after = whileHeld(rule, before, { alert, now: input.now });
    next.set(key, after);
    if (before?.phase !== after.phase)
      transitions.push(transition(after, before?.phase ?? 'inactive', reasonWhileHeld(rule, before, after), input.now));
  }
  for (const [key, before] of state) {
    if (held.has(key)) continue;
    const after = whileAbsent(rule, before, input.now);
    if (after !== undefined) next.set(key, after);
    if (after?.phase === before.phase) continue;
    const to = after ?? before;
    transitions.push({
      ...transition(to, before.phase, reasonWhileAbsent(rule, before, after), input.now),
      to: after?.phase ?? 'inactive',
    });
  }
  return { ok: true, state: next, transitions: transitions.sort(byLabels) };
}

/** Ends every active alert, because its rule is gone. */
export function endRule(state: RuleState, now: bigint, reason: string): Transition[] {
  return [...state.values()].map((alert) => ({ ...transition(alert, alert.phase, reason, now), to: 'inactive' }));
}

/** Rebuilds the state from each open alert's latest transition; others (closed ones) are ignored. */
export function recoverRule(latest: readonly Omit<Transition, 'from' | 'reason'>[]): RuleState {
  const state = new Map<string, ActiveAlert>();
  for (const { labels, annotations, to, value, activeAtNanos, timeNanos } of latest) {
    if (to === 'inactive') continue;
    const keptSinceNanos = to === 'keep_firing' ? timeNanos : null;
    state.set(labels.key, { labels, annotations, phase: to, value, activeAtNanos, keptSinceNanos });
  }
  return state;
}

/** A fixed order, so that the same input gives the same output after a restart too. */
function byLabels(a: Transition, b: Transition): number {
  return a.labels.key < b.labels.key ? -1 : 1;
}

/** `$labels` are the series' own labels, as in Prometheus. */
function label(rule: AlertingRule, sample: VectorSample): Held {
  const scope = { labels: sample.labels, value: sample.value };
  const own = Object.entries(rule.labels).map(([name, template]) => [name, template.render(scope)] as const);
  const series = sample.labels.withoutMetricName().pairs;
  return {
    labels: Labels.from([...series, ...own, ['alertname', rule.name]]),
    annotations: Object.fromEntries(Object.entries(rule.annotations).map(([name, text]) => [name, text.render(scope)])),
    value: sample.value,
  };
}

function whileHeld(
  rule: AlertingRule,
  before: ActiveAlert | undefined,
  { alert, now }: { alert: Held; now: bigint },
): ActiveAlert {
  const activeAtNanos = before?.activeAtNanos ?? now;
  const fires = (before !== undefined && before.phase !== 'pending') || now - activeAtNanos >= rule.forNanos;
  const phase = fires ? 'firing' : 'pending';
  // Written out: a spread with three more properties takes five times the memory in V8, for each alert.
  const { labels, annotations, value } = alert;
  return { labels, annotations, value, phase, activeAtNanos, keptSinceNanos: null };
}

function whileAbsent(rule: AlertingRule, before: ActiveAlert, now: bigint): ActiveAlert | undefined {
  if (before.phase === 'pending') return undefined;
  const keptSinceNanos = before.keptSinceNanos ?? now;
  if (rule.keepFiringForNanos === 0n || now - keptSinceNanos >= rule.keepFiringForNanos) return undefined;
  return { ...before, phase: 'keep_firing', keptSinceNanos };
}

function transition(alert: ActiveAlert, from: AlertPhase, reason: string, timeNanos: bigint): Transition {
  const { labels, annotations, value, activeAtNanos, phase } = alert;
  return { timeNanos, labels, annotations, from, to: phase, reason, value, activeAtNanos };
}

function reasonWhileHeld(rule: AlertingRule, before: ActiveAlert | undefined, after: ActiveAlert): string {
  if (after.phase === 'pending') return `the condition holds; it fires when it has held for ${text(rule.forNanos)}`;
  if (before?.phase === 'keep_firing') return 'the condition holds again';
  return rule.forNanos === 0n ? 'the condition holds' : `the condition has held for ${text(rule.forNanos)}`;
}

function reasonWhileAbsent(rule: AlertingRule, before: ActiveAlert, after: ActiveAlert | undefined): string {
  if (after !== undefined) return `the condition no longer holds; kept firing for ${text(rule.keepFiringForNanos)}`;
  if (before.phase === 'pending') return `the condition ended before it had held for ${text(rule.forNanos)}`;
  if (before.phase === 'keep_firing') return `the condition has not held for ${text(rule.keepFiringForNanos)}`;
  return 'the condition no longer holds';
}

function text(nanos: bigint): string {
  return formatDurationMs(Number(nanos / 1_000_000n));
}
