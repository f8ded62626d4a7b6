/**
 * Evaluates the rules: when one of their inputs has news (spaced by `minEvaluationGapMs`, further apart when evaluation
 * as a whole would pass `evaluationLoad`), and at the latest at their group's interval. A transition is stored before it
 * is notified; when the store does not answer in time the notification goes out all the same, and the transition is kept
 * and stored later. An evaluation that fails keeps the state as it is.
 */
import { endRule, stepRule, type AlertPhase, type RuleGroupView, type Sample, type Transition } from '@tapewatch/core';
import type { Clock, ExplainAlert, Logger, Progress, PromqlEngine, Telemetry, TransitionRow } from '../ports.ts';
import type { AlertSource } from './alert-object.ts';
import type { AlertingOptions } from './alerting-options.ts';
import { withDeadline } from './deadline.ts';
import { checkLimit, recordedSamples, vectorOf } from './evaluate-rule.ts';
import type { Origin } from './restraint.ts';
import type { LoadedGroup, LoadedRule } from './rule-file.ts';
import { RuleRuntime } from './rule-runtime.ts';
import { TransitionLog } from './transition-log.ts';

/** How often rules are looked over for their group's interval, and those evaluated that wait for time alone. */
const TICK_MS = 1_000;
/** Weight of the newest evaluation in the mean duration. */
const MEAN_WEIGHT = 0.05;

export interface RuleManagerDeps {
  readonly engine: PromqlEngine;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'ruleEvaluated'>;
  /** Resolves when the rows are durable. */
  readonly storeTransitions: (rows: readonly TransitionRow[]) => Promise<void>;
  /** Takes what recording rules yield. */
  readonly recordSamples: (samples: readonly Sample[]) => void;
  /** Called after the transitions were stored. */
  readonly notify: (transitions: readonly Transition[], origin: Origin) => void;
  /** Called beside `notify`, for those that take every change as it is. */
  readonly publish?: (transitions: readonly Transition[], source: AlertSource) => void;
  /** Of rules that ask for it; an alert waits for it at most `explainTimeoutMs`. */
  readonly explain: ExplainAlert;
}

export class RuleManager {
  readonly #deps: RuleManagerDeps;
  readonly #options: AlertingOptions;
  readonly #transitions: TransitionLog;
  #groups: readonly LoadedGroup[] = [];
  /** By identity, in the order of the files. */
  #rules = new Map<string, RuleRuntime>();
  readonly #queue = new Set<RuleRuntime>();
  readonly #dirty = new Set<RuleRuntime>();
  #running = 0;
  #stops: (() => void)[] = [];
  #begun = false;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(deps: RuleManagerDeps, options: AlertingOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#transitions = new TransitionLog(deps, options);
  }

  /** Takes over the open alerts of the last run and notifies those that fire. Nothing is evaluated before `begin`. */
  async restore(groups: readonly LoadedGroup[], openAlerts: readonly TransitionRow[]): Promise<void> {
    const { clock, notify } = this.#deps;
    this.#take(groups);
    const open = new Set(openAlerts);
    for (const rule of this.#rules.values()) {
      const own = [...open].filter((row) => rule.definition.type === 'alerting' && rule.owns(row));
      rule.recover(own);
      for (const row of own) open.delete(row);
      this.#publish(rule, own.filter(({ to }) => to !== 'pending').map(asBegun));
    }
    const firing = openAlerts.filter((row) => !open.has(row) && row.to !== 'pending');
    notify(firing.map(asBegun), { mayBeKnown: true });
    const orphans = [...open].map((row) => orphaned(row, clock.now()));
    await this.#transitions.store(orphans);
    notify(orphans.map(asTransition), { mayBeKnown: true });
  }

  /** Evaluates every rule, and from then on by news and by interval. */
  begin(): void {
    if (this.#closed) return;
    const { clock, progress } = this.#deps;
    this.#begun = true;
    this.#stops = [
      progress.onAdvance((changed) => this.#advance(changed)),
      clock.every(this.#options.minEvaluationGapMs, () => this.#pump()),
      clock.every(TICK_MS, () => this.#tick()),
    ];
    for (const rule of this.#rules.values()) this.#enqueue(rule);
  }

  /** Replaces the rules; those that stay the same (group, name, labels) keep their state, the others' alerts end. */
  async replace(groups: readonly LoadedGroup[]): Promise<void> {
    const before = this.#rules;
    this.#take(groups);
    const ended: { rule: RuleRuntime; transitions: Transition[] }[] = [];
    for (const [identity, rule] of before) {
      if (this.#rules.get(identity) === rule) continue;
      rule.removed = true;
      this.#queue.delete(rule);
      this.#dirty.delete(rule);
      const transitions = endRule(rule.state, this.#deps.clock.now(), 'the rule was removed');
      if (transitions.length > 0) ended.push({ rule, transitions });
    }
    for (const rule of this.#rules.values()) this.#enqueue(rule);
    for (const { rule, transitions } of ended) await this.#emit(rule, transitions);
  }

  /** Has every alerting rule evaluated soon, news or not. A dear one waits for its gap, as with news. */
  checkAlerts(): void {
    for (const rule of this.#rules.values()) if (rule.definition.type === 'alerting') this.#dirty.add(rule);
    this.#pump();
  }

  groups(): readonly RuleGroupView[] {
    return this.#groups.map(({ name, file, intervalMs, rules }) => ({
      name,
      file,
      intervalSeconds: intervalMs / 1000,
      rules: rules.flatMap(({ identity }) => this.#rules.get(identity)?.view() ?? []),
    }));
  }

  /** The rules as they live, in the order of the files. */
  runtimes(): Iterable<RuleRuntime> {
    return this.#rules.values();
  }

  /** Transitions that wait for the store. */
  get unstored(): number {
    return this.#transitions.unstored;
  }

  /** Stops evaluating and resolves when the evaluations under way are done. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#queue.clear();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#transitions.store([]);
  }

  #take(groups: readonly LoadedGroup[]): void {
    const next = new Map<string, RuleRuntime>();
    for (const group of groups) {
      for (const definition of group.rules) {
        const known = this.#rules.get(definition.identity);
        const rule = known ?? new RuleRuntime(definition, group, this.#options.revision.keptEvaluations);
        rule.definition = definition;
        rule.group = group;
        next.set(definition.identity, rule);
      }
    }
    this.#groups = groups;
    this.#rules = next;
  }

  #advance(changed: ReadonlySet<string>): void {
    for (const rule of this.#rules.values()) if (rule.reads(changed)) this.#dirty.add(rule);
    this.#pump();
  }

  /** Queues the rules that have news and whose gap has passed. */
  #pump(): void {
    const now = this.#deps.clock.now();
    for (const rule of this.#dirty) if (now - rule.startedNanos >= this.#gapNanos(rule)) this.#enqueue(rule);
  }

  #tick(): void {
    const now = this.#deps.clock.now();
    // Half a tick early is on time; waiting for the next tick would stretch a 1 s interval to 2 s.
    const slack = BigInt(TICK_MS) * 500_000n;
    for (const rule of this.#rules.values()) {
      const dueMs = rule.waitsForTime ? TICK_MS : rule.group.intervalMs;
      if (now - rule.startedNanos + slack >= BigInt(dueMs) * 1_000_000n) this.#enqueue(rule);
    }
    void this.#transitions.store([]);
  }

  /** Gives each rule an equal share of the allowed load, so that a dear one waits longer and a cheap one does not. */
  #gapNanos({ meanSeconds }: RuleRuntime): bigint {
    const { minEvaluationGapMs, evaluationLoad } = this.#options;
    const spreadMs = (meanSeconds * 1000 * this.#rules.size) / evaluationLoad;
    return BigInt(Math.ceil(Math.max(minEvaluationGapMs, spreadMs))) * 1_000_000n;
  }

  #enqueue(rule: RuleRuntime): void {
    this.#dirty.delete(rule);
    if (rule.running) rule.dirty = true;
    else this.#queue.add(rule);
    this.#next();
  }

  #next(): void {
    if (!this.#begun) return;
    for (const rule of this.#queue) {
      if (this.#closed || this.#running >= this.#options.maxConcurrentEvaluations) return;
      this.#queue.delete(rule);
      this.#running += 1;
      rule.running = true;
      void this.#evaluate(rule).finally(() => this.#finish(rule));
    }
  }

  #finish(rule: RuleRuntime): void {
    this.#running -= 1;
    rule.running = false;
    if (rule.dirty && !rule.removed) this.#dirty.add(rule);
    rule.dirty = false;
    this.#next();
    if (this.#running > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #evaluate(rule: RuleRuntime): Promise<void> {
    const { clock, telemetry } = this.#deps;
    const { definition } = rule;
    const now = clock.now();
    rule.startedNanos = now;
    let error = '';
    let transitions: readonly Transition[] = [];
    try {
      transitions = await this.#run(rule, definition, now);
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    const seconds = Number(clock.now() - now) / 1e9;
    rule.meanSeconds += MEAN_WEIGHT * (seconds - rule.meanSeconds);
    telemetry.ruleEvaluated(rule.group.name, seconds, error === '' ? 'ok' : 'failed');
    if (rule.removed || rule.definition !== definition) return;
    this.#note(rule, error, seconds);
    if (transitions.length > 0) await this.#emit(rule, transitions);
  }

  /** Commits the new state, unless the rule was replaced meanwhile. Throws what is wrong with the evaluation. */
  async #run(rule: RuleRuntime, definition: LoadedRule, now: bigint): Promise<readonly Transition[]> {
    const { clock, engine, recordSamples } = this.#deps;
    const { evaluationTimeoutMs: timeoutMs, maxAlertsPerRule } = this.#options;
    const timeMs = Number(now / 1_000_000n);
    const message = `the evaluation took longer than ${timeoutMs} ms; simplify the expression or raise the timeout`;
    const result = await withDeadline(clock, { timeoutMs, message }, (signal) =>
      engine.query(definition.expr, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, signal),
    );
    const vector = vectorOf(result);
    checkLimit(vector.length, { limit: rule.group.limit, maxAlertsPerRule });
    if (rule.removed || rule.definition !== definition) return [];
    rule.stamps.add(now);
    if (definition.type === 'recording') {
      recordSamples(recordedSamples(definition, vector, timeMs));
      return [];
    }
    const step = stepRule(definition.condition, rule.state, { vector, now });
    if (!step.ok) throw new Error(step.problem);
    rule.state = step.state;
    return step.transitions;
  }

  #note(rule: RuleRuntime, error: string, seconds: number): void {
    if (error !== '' && error !== rule.lastError) {
      const { name } = rule.definition;
      this.#deps.log.warn(
        { rule: name, group: rule.group.name, error },
        'A rule could not be evaluated; its state is kept.',
      );
    }
    rule.health = error === '' ? 'ok' : 'err';
    rule.lastError = error;
    rule.evaluationSeconds = seconds;
  }

  async #emit(rule: RuleRuntime, changes: readonly Transition[]): Promise<void> {
    const { definition, group } = rule;
    const about = { name: definition.name, group: group.name, explainOverMs: definition.explainOverMs };
    const asked = { ...about, timeoutMs: this.#options.explainTimeoutMs };
    const transitions = await rule.evidence.complete(changes, asked, this.#deps);
    const rows = transitions.map((transition) => ({ ...transition, rule: definition.name, group: group.name }));
    for (const { from, to, reason, labels, value } of transitions) {
      const fields = { group: group.name, rule: definition.name, labels: labels.toRecord(), from, to, reason, value };
      this.#deps.log.info(fields, 'An alert changed its state.');
    }
    await this.#transitions.store(rows);
    this.#publish(rule, transitions);
    const { cooldownMs } = definition;
    this.#deps.notify(transitions, cooldownMs === undefined ? {} : { cooldownMs });
  }

  #publish({ definition, group }: RuleRuntime, transitions: readonly Transition[]): void {
    const { name, expr, measured } = definition;
    if (transitions.length > 0) this.#deps.publish?.(transitions, { group: group.name, name, expr, measured });
  }
}

/** An alert that is open as if it began now: who knows it recognises it. */
function asBegun(row: TransitionRow): Transition {
  return { ...asTransition(row), from: 'inactive', to: 'firing' };
}

export function asTransition(row: TransitionRow): Transition {
  return { ...row, from: row.from as AlertPhase, to: row.to as AlertPhase };
}

/** The end of an alert whose rule is not in the files any more. */
function orphaned(row: TransitionRow, now: bigint): TransitionRow {
  return { ...row, timeNanos: now, from: row.to, to: 'inactive', reason: 'the rule is no longer defined' };
}
