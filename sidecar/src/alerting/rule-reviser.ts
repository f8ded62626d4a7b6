/**
 * Late samples change what rules saw in the past. Evaluations that read them are repeated in the background, within
 * `alerting.revision`: a recording rule's samples that come out differently are written again at their stamps, and an alert's
 * changes that would have been others are stored as revised ones. Nothing of it is notified: the present follows from the next
 * ordinary evaluation. Only evaluations of this process are known, so a revision reaches back to its start at most.
 */
import {
  METRIC_NAME,
  msFromNanos,
  RuleRevision,
  type Sample,
  type Transition,
  type VectorSample,
} from '@tapewatch/core';
import type {
  Clock,
  LateSource,
  LateSpan,
  Logger,
  PromqlEngine,
  StoreReader,
  Telemetry,
  TransitionRow,
} from '../ports.ts';
import type { AlertingOptions } from './alerting-options.ts';
import { withDeadline } from './deadline.ts';
import { checkLimit, recordedSamples, vectorOf } from './evaluate-rule.ts';
import type { LoadedRule } from './rule-file.ts';
import type { RuleRuntime } from './rule-runtime.ts';

const TICK_MS = 1_000;
const NANOS_PER_MS = 1_000_000n;
/** As the watermark's distance by default: what was decided so much later is not another decision. */
const TOLERANCE_NANOS = 1_000_000_000n;
/** Rows of the log of all rules that one revision reads; with more it is given up, and told. */
const MAX_LOGGED = 100_000;

export interface ReviserDeps {
  readonly engine: PromqlEngine;
  readonly reader: Pick<StoreReader, 'select' | 'transitions'>;
  readonly late: LateSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'revised' | 'level'>;
  readonly rules: () => Iterable<RuleRuntime>;
  readonly storeTransitions: (rows: readonly TransitionRow[]) => Promise<void>;
  readonly recordSamples: (samples: readonly Sample[]) => void;
}

type Options = Pick<AlertingOptions, 'revision' | 'evaluationTimeoutMs' | 'maxAlertsPerRule'>;

/** Evaluations of one rule that late samples may have changed. */
interface Pending {
  fromNanos: bigint;
  toNanos: bigint;
  readonly sinceNanos: bigint;
}

/** A revision under way; it goes on over several ticks. */
interface Job {
  readonly rule: RuleRuntime;
  readonly definition: LoadedRule;
  readonly stamps: readonly bigint[];
  next: number;
  /** Of an alerting rule. */
  readonly revision: RuleRevision | undefined;
}

interface Judged {
  readonly now: bigint;
  readonly vector: readonly VectorSample[];
}

export class RuleReviser {
  readonly #deps: ReviserDeps;
  readonly #options: Options;
  readonly #pending = new Map<RuleRuntime, Pending>();
  readonly #stops: readonly (() => void)[];
  #job: Job | undefined;
  /** Resolves when the work of a tick is done. */
  #working: Promise<void> | undefined;
  #closed = false;
  /** What is left of this second; negative after one dear evaluation, which later ticks pay for. */
  #seconds = 0;
  #evaluations = 0;

  constructor(deps: ReviserDeps, options: Options) {
    this.#deps = deps;
    this.#options = options;
    const isOff = options.revision.maxAgeMs === 0;
    this.#stops = isOff
      ? []
      : [deps.late.onLate((spans) => this.#note(spans)), deps.clock.every(TICK_MS, () => this.#tick())];
    deps.telemetry.level(
      'revisions_waiting',
      'Rules whose past evaluations wait to be repeated because samples came late.',
      () => this.#pending.size + (this.#job === undefined ? 0 : 1),
    );
  }

  /** Resolves when the evaluation under way is done. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#pending.clear();
    await this.#working;
  }

  #note(spans: readonly LateSpan[]): void {
    const now = this.#deps.clock.now();
    const names = new Set(spans.map(({ name }) => name));
    for (const rule of this.#deps.rules()) {
      if (!rule.reads(names) || readsItself(rule.definition)) continue;
      const { inputs, reach } = rule.definition;
      for (const { name, oldestMs, newestMs } of spans) {
        if (inputs !== 'any' && !inputs.has(name)) continue;
        // Of an evaluation at t the data of t + oldestMs to t + newestMs count.
        const fromNanos = nanosOf(oldestMs - reach.newestMs);
        const until = nanosOf(newestMs - reach.oldestMs);
        this.#add(rule, { fromNanos, toNanos: until < now ? until : now, sinceNanos: now });
      }
    }
  }

  #add(rule: RuleRuntime, span: Pending): void {
    const known = this.#pending.get(rule);
    if (known === undefined) return void this.#pending.set(rule, span);
    if (span.fromNanos < known.fromNanos) known.fromNanos = span.fromNanos;
    if (span.toNanos > known.toNanos) known.toNanos = span.toNanos;
  }

  #tick(): void {
    const { load, evaluationsPerSecond } = this.#options.revision;
    this.#seconds = Math.min(load, this.#seconds + load);
    this.#evaluations = evaluationsPerSecond;
    if (this.#working !== undefined) return;
    this.#working = this.#work().finally(() => (this.#working = undefined));
  }

  get #mayGoOn(): boolean {
    return !this.#closed && this.#seconds > 0 && this.#evaluations > 0;
  }

  async #work(): Promise<void> {
    while (this.#mayGoOn) {
      try {
        this.#job ??= await this.#begin();
        if (this.#job === undefined) return;
        await this.#advance(this.#job);
      } catch (cause) {
        const error = cause instanceof Error ? cause.message : String(cause);
        this.#deps.log.warn(
          { rule: this.#job?.rule.definition.name, error },
          'The past of a rule could not be revised.',
        );
        this.#deps.telemetry.revised?.('failed', 1);
        this.#job = undefined;
      }
    }
  }

  /** The revision that has waited longest; late samples come in groups, so each waits a little. */
  async #begin(): Promise<Job | undefined> {
    const { clock } = this.#deps;
    const { delayMs, maxAgeMs } = this.#options.revision;
    for (const [rule, { fromNanos, toNanos, sinceNanos }] of this.#pending) {
      const now = clock.now();
      if (now - sinceNanos < nanosOf(delayMs)) continue;
      this.#pending.delete(rule);
      const { definition } = rule;
      const oldest = now - nanosOf(maxAgeMs);
      const settles = definition.type === 'alerting' ? nanosOf(definition.forMs + definition.keepFiringForMs) : 0n;
      const stamps = rule.stamps.within(fromNanos > oldest ? fromNanos : oldest, toNanos + settles);
      if (rule.removed || stamps.length === 0) continue;
      return { rule, definition, stamps, next: 0, revision: await this.#revisionOf(rule, stamps[0] as bigint) };
    }
    return undefined;
  }

  async #revisionOf(rule: RuleRuntime, fromNanos: bigint): Promise<RuleRevision | undefined> {
    const { definition, state: open } = rule;
    if (definition.type === 'recording') return undefined;
    const filter = { startNanos: fromNanos, endNanos: this.#deps.clock.now() + 1n, limit: MAX_LOGGED + 1 };
    const rows = await this.#deps.reader.transitions(filter);
    if (rows.length > MAX_LOGGED) throw new Error(`more than ${MAX_LOGGED} changes of alerts are in the way`);
    const logged = rows.filter((row) => rule.owns(row)).map((row) => row as TransitionRow & Transition);
    const toleranceNanos = TOLERANCE_NANOS;
    return new RuleRevision({ rule: definition.condition, logged, open, fromNanos, toleranceNanos });
  }

  /** Repeats as many evaluations as this tick may, and keeps what came of them. */
  async #advance(job: Job): Promise<void> {
    const { rule, definition, stamps } = job;
    const judged: Judged[] = [];
    while (this.#mayGoOn && job.next < stamps.length) {
      judged.push(await this.#evaluate(definition, stamps[job.next++] as bigint));
      if (rule.removed || rule.definition !== definition) return void (this.#job = undefined);
    }
    this.#deps.telemetry.revised?.('evaluation', judged.length);
    if (job.revision === undefined) await this.#record(definition, judged);
    else await this.#judge(job, job.revision, judged);
    if (job.next === stamps.length) this.#job = undefined;
  }

  async #evaluate({ expr }: LoadedRule, now: bigint): Promise<Judged> {
    const { clock, engine } = this.#deps;
    const { evaluationTimeoutMs: timeoutMs, maxAlertsPerRule } = this.#options;
    const timeMs = Number(now / NANOS_PER_MS);
    const began = clock.now();
    const message = `an evaluation of the past took longer than ${timeoutMs} ms`;
    const result = await withDeadline(clock, { timeoutMs, message }, (signal) =>
      engine.query(expr, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, signal),
    );
    const vector = vectorOf(result);
    checkLimit(vector.length, { limit: 0, maxAlertsPerRule });
    this.#seconds -= Number(clock.now() - began) / 1e9;
    this.#evaluations--;
    return { now, vector };
  }

  /** Writes what differs from what was recorded; a sample that comes later at the same stamp is the one that is read. */
  async #record(definition: LoadedRule, judged: readonly Judged[]): Promise<void> {
    const [first, last] = [judged[0], judged.at(-1)];
    if (first === undefined || last === undefined) return;
    const recorded = await this.#deps.reader.select({
      matchers: [{ name: METRIC_NAME, operator: '=', value: definition.name }],
      startMs: msFromNanos(first.now),
      endMs: msFromNanos(last.now),
      resolutionMs: 0,
    });
    const values = new Map<string, number>();
    for (const series of recorded) {
      const { labels, timesMs } = series;
      for (let i = 0; i < timesMs.length; i++) values.set(`${labels.key}@${timesMs[i]}`, series.values?.[i] as number);
    }
    const samples = judged
      .flatMap(({ now, vector }) => recordedSamples(definition, vector, Number(now / NANOS_PER_MS)))
      .filter((sample) => {
        const known = values.get(`${sample.labels.key}@${msFromNanos(sample.timeNanos)}`);
        return sample.kind !== 'histogram' && !Object.is(known, sample.value);
      });
    if (samples.length === 0) return;
    this.#deps.recordSamples(samples);
    this.#deps.telemetry.revised?.('sample', samples.length);
  }

  async #judge({ rule, definition, stamps }: Job, revision: RuleRevision, judged: readonly Judged[]): Promise<void> {
    const rows: TransitionRow[] = [];
    for (const { now, vector } of judged) {
      const step = revision.step({ vector, now, isLast: now === stamps.at(-1) });
      if (!step.ok) throw new Error(step.problem);
      const about = { rule: definition.name, group: rule.group.name, revised: true };
      rows.push(...step.revised.map((transition) => ({ ...transition, ...about })));
    }
    if (rows.length === 0) return;
    await this.#deps.storeTransitions(rows);
    this.#deps.telemetry.revised?.('transition', rows.length);
    const fields = { rule: definition.name, group: rule.group.name, changes: rows.length };
    this.#deps.log.info(fields, 'Samples that came late revised what an alert was in the past.');
  }
}

/** Its own samples would be late input of it, and it would never come to an end. */
function readsItself({ type, inputs, name }: LoadedRule): boolean {
  return type === 'recording' && (inputs === 'any' || inputs.has(name));
}

function nanosOf(ms: number): bigint {
  return BigInt(Math.round(ms)) * NANOS_PER_MS;
}
