/**
 * Takes the items of one message after the other from the codecs: bounds of time and series, watermarks, and into the
 * batch. One object for all messages, so that a sample costs no allocation. What is refused is counted by reason; the first
 * ones of a flush also become dead letters.
 */
import type { ExponentialHistogram, Labels, MetricKind, TradingEvent } from '@tapewatch/core';
import type { DecodeProblem, Envelope, IntakeReceipt, SampleSink, SentExemplar } from '../ports.ts';
import type { BatchBuilder } from './batch-builder.ts';
import type { Changes } from './changes.ts';
import type { ClockOffsets } from './clock-offsets.ts';
import type { ExemplarMemory } from './exemplar-memory.ts';
import type { LateSpans } from './late-spans.ts';
import type { LimitShares } from './limit-shares.ts';
import { NewestSamples } from './newest-samples.ts';
import { HEARD, refusalOf, type SeriesRegistry } from './series-registry.ts';
import type { StreamState } from './stream-state.ts';

/** What became of a message's items. */
export type Taken = IntakeReceipt;

/** Told to whoever waits for an answer. */
const MAX_KEPT_PROBLEMS = 10;

export interface MessageSinkOptions {
  readonly registry: SeriesRegistry;
  readonly batch: BatchBuilder;
  readonly changes: Changes;
  readonly late: LateSpans;
  readonly states: readonly StreamState[];
  readonly offsets: ClockOffsets;
  readonly exemplars: ExemplarMemory;
  readonly shares: LimitShares;
  /** True when the second's windows are sealed already. */
  readonly isLate: (stream: string, second: number) => boolean;
  readonly onEvent: (event: TradingEvent, envelope: Envelope) => void;
  readonly onProblem: (problem: DecodeProblem, envelope: Envelope | undefined, stream: string) => void;
}

export class MessageSink implements SampleSink {
  readonly #options: MessageSinkOptions;
  readonly #registry: SeriesRegistry;
  readonly #batch: BatchBuilder;
  readonly #changes: Changes;
  readonly #newest = new NewestSamples();
  #envelope: Envelope | undefined;
  #state: StreamState;
  #nowSeconds = 0;
  #newestRef = 0;
  #newestStamp = 0;
  /** Whether a second of a stream is late, as it was asked last in this message: its samples share a handful. */
  readonly #asked = { number: -1, second: -1, isLate: false };
  /** Items of the present message that were taken, and that were not. */
  accepted = 0;
  rejected = 0;
  /** Ready-made histograms among those that were taken. */
  histograms = 0;
  /** Exemplars of the message that were kept; they are none of its items. */
  exemplars = 0;
  /** The first of the present message's problems. */
  problems: Pick<DecodeProblem, 'reason' | 'detail'>[] = [];
  /** While true, items are counted as rejected and nothing is kept. */
  isClosed = false;

  constructor(options: MessageSinkOptions) {
    this.#options = options;
    this.#registry = options.registry;
    this.#batch = options.batch;
    this.#changes = options.changes;
    this.#state = options.states[0] as StreamState;
  }

  /** `envelope` is absent for samples that the sidecar itself produced. */
  begin(state: StreamState, nowSeconds: number, envelope?: Envelope): void {
    this.#state = state;
    this.#nowSeconds = nowSeconds;
    this.#envelope = envelope;
    this.accepted = 0;
    this.rejected = 0;
    this.histograms = 0;
    this.exemplars = 0;
    this.#asked.number = -1;
    if (this.problems.length > 0) this.problems = [];
  }

  get taken(): Taken {
    const { accepted, rejected, histograms, exemplars, problems } = this;
    return { accepted, rejected, histograms, exemplars, problems };
  }

  /** After the last item: what the message tells of its source's clock. */
  end(): void {
    if (this.#newestRef === 0 || this.#envelope === undefined) return;
    const source = this.#registry.sourceOf[this.#newestRef] as number;
    this.#options.offsets.note(source, this.#nowSeconds - this.#newestStamp);
    this.#newestRef = 0;
  }

  series(labels: Labels, kind: MetricKind, unit?: string, help?: string): number {
    if (this.isClosed) return 0;
    const told = kind === 'gauge' ? (this.#state.policy.kindOf?.(labels.metricName) ?? kind) : kind;
    return this.#registry.intern({ labels, kind: told, unit, help }, this.#state.policy.name, this.#nowSeconds);
  }

  number(ref: number, seconds: number, nanos: number, value: number): void {
    if (!this.#admits(ref, seconds)) return;
    const registry = this.#registry;
    if (registry.isDistribution[ref] === 1) {
      if (!registry.admitLayout(ref, 'exponential')) return this.#refuse('kind_conflict', ref, seconds);
    } else {
      if (this.#newest.isRepeat(ref, seconds, nanos, value)) {
        this.accepted++;
        this.#state.duplicates++;
        return;
      }
      this.#changes.note(registry.nameOf[ref] as number, seconds);
    }
    this.#batch.addSample(ref, seconds, nanos, value);
    this.#observe(ref, seconds, nanos);
    if (registry.isDistribution[ref] === 1) this.#putShares(ref, seconds, nanos, value);
  }

  /** Of what the publisher sent only the observation itself counts. */
  #putShares(ref: number, seconds: number, nanos: number, value: number): void {
    const shares = this.#options.shares.of(ref, ({ labels, kind, ...rest }) => {
      return this.#registry.intern({ labels, kind, ...rest }, this.#state.policy.name, this.#nowSeconds);
    });
    if (shares.length === 0 || Number.isNaN(value)) return;
    const { accepted, rejected } = this;
    const { stored } = this.#state;
    for (const share of shares) this.number(share.ref, seconds, nanos, value <= share.limit ? 1 : 0);
    this.accepted = accepted;
    this.rejected = rejected;
    this.#state.stored = stored;
  }

  /** Of gauges and counters; a distribution ends by its age alone. */
  stale(ref: number, seconds: number, nanos: number): void {
    if (!this.#admits(ref, seconds)) return;
    if (this.#registry.isDistribution[ref] !== 1) {
      this.#changes.note(this.#registry.nameOf[ref] as number, seconds);
      this.#newest.forget(ref);
      this.#batch.addStale(ref, seconds, nanos);
    }
    this.#observe(ref, seconds, nanos);
  }

  histogram(ref: number, seconds: number, nanos: number, histogram: ExponentialHistogram): void {
    if (!this.#admits(ref, seconds)) return;
    const layout = histogram.customBounds === undefined ? 'exponential' : 'custom';
    if (!this.#registry.admitLayout(ref, layout)) return this.#refuse('kind_conflict', ref, seconds);
    this.#batch.addHistogram(ref, seconds, nanos, histogram);
    this.histograms++;
    this.#observe(ref, seconds, nanos);
  }

  /** One that is older than the stream's bound is kept: it moves no watermark, and pages repeat theirs for hours. */
  exemplar(ref: number, exemplar: SentExemplar): void {
    // Why its sample was refused is counted with the sample.
    if (this.isClosed || ref <= 0) return;
    const series = this.#registry.byId(ref)?.labels;
    if (series === undefined) return this.#state.dropExemplar('exemplar_series');
    if (exemplar.seconds > this.#state.newestTaken) return this.#state.dropExemplar('exemplar_time');
    const outcome = this.#options.exemplars.add(series, exemplar, Math.floor(this.#nowSeconds));
    if (outcome === 'taken' || outcome === 'displaced') this.exemplars++;
    if (outcome === 'displaced') this.#state.dropExemplar('exemplar_rate');
    else if (outcome !== 'taken' && outcome !== 'repeated') this.#state.dropExemplar(outcome);
  }

  event(event: TradingEvent): void {
    if (this.isClosed) this.rejected++;
    else this.#options.onEvent(event, this.#envelope as Envelope);
  }

  problem(problem: DecodeProblem): void {
    // What is expected and harmless is counted, and is no fault of a request.
    if (problem.countOnly !== true) {
      this.rejected += problem.items ?? 1;
      this.#keep(problem);
    }
    if (!this.isClosed) this.#options.onProblem(problem, this.#envelope, this.#state.policy.name);
  }

  #admits(ref: number, seconds: number): boolean {
    const state = this.#state;
    if (this.isClosed) this.rejected++;
    else if (ref <= 0) this.#refuse(refusalOf(ref), ref, seconds);
    else if (seconds < state.oldestTaken || seconds > state.newestTaken) {
      this.#refuse(state.refuseTime(seconds) ?? 'too_late', ref, seconds);
    } else {
      if (this.#registry.recency[ref] !== HEARD) this.#registry.hear(ref);
      return true;
    }
    return false;
  }

  /** A series belongs to the stream that created it: its watermark moves, whoever publishes. */
  #observe(ref: number, seconds: number, nanos: number): void {
    this.accepted++;
    this.#state.stored++;
    this.#newestRef = ref;
    const owner = this.#options.states[this.#registry.streamOf[ref] as number] as StreamState;
    const stamp = seconds + nanos * 1e-9;
    this.#newestStamp = stamp;
    const isNewest = stamp > owner.newest;
    // A publisher whose clock is ahead must not make everyone else late.
    if (isNewest) owner.newest = stamp < this.#nowSeconds ? stamp : Math.max(owner.newest, this.#nowSeconds);
    if (seconds + 1 > owner.watermark || !this.#isLate(owner, seconds)) return;
    // What is in order after a silence is caught up, and none that was overtaken; it revises what was said meanwhile.
    if (!isNewest) owner.late++;
    this.#options.late.note(this.#registry.nameOf[ref] as number, seconds, owner.watermark);
  }

  #isLate({ number, policy }: StreamState, second: number): boolean {
    const asked = this.#asked;
    if (asked.number !== number || asked.second !== second) {
      asked.number = number;
      asked.second = second;
      asked.isLate = this.#options.isLate(policy.name, second);
    }
    return asked.isLate;
  }

  #refuse(reason: string, ref: number, seconds: number): void {
    const labels = ref > 0 ? this.#registry.byId(ref)?.labels.toString() : 'a sample of a new series';
    const why = reason.endsWith('_limit') ? `: ${this.#registry.explain(this.#nowSeconds)}` : '';
    const detail = `${labels} stamped ${seconds} s${why}`;
    const excerpt = this.#envelope?.payload ?? new Uint8Array(0);
    this.rejected++;
    this.#keep({ reason, detail });
    this.#options.onProblem({ reason, detail, excerpt }, this.#envelope, this.#state.policy.name);
  }

  #keep({ reason, detail }: Pick<DecodeProblem, 'reason' | 'detail'>): void {
    if (this.problems.length < MAX_KEPT_PROBLEMS) this.problems.push({ reason, detail });
  }
}
