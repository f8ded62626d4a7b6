/**
 * A message's way: envelope -> codec -> series id and limits -> windows -> batch -> head and store -> settled.
 * An envelope is settled as stored only after the commit that holds its last sample. Nothing is dropped without a counter and, for bad messages, a dead letter.
 */
import { SequenceLedger, type Sample, type SeriesDefinition, type TradingEvent } from '@tapewatch/core';
import type {
  Batch,
  Codec,
  DecodeContext,
  Decoded,
  DecodeProblem,
  Envelope,
  Progress,
  Recovery,
  TransitionRow,
} from '../ports.ts';
import { BatchBuilder } from './batch-builder.ts';
import { Committer, type CommitterOptions } from './committer.ts';
import { Deriver } from './derive.ts';
import { RecentIds } from './recent-ids.ts';
import { SeriesRegistry, type SeriesLimits } from './series-registry.ts';
import { StreamState, type StreamPolicy } from './stream-state.ts';

/** Dead letters a flush may add; past it they are only counted, so that a flood cannot fill the disk. */
const MAX_DEAD_LETTERS_PER_FLUSH = 100;
const EXCERPT_BYTES = 1_024;
const RECENT_IDS_GENERATION = 500_000;

export interface PipelineStream {
  readonly policy: StreamPolicy;
  readonly payloadKind: DecodeContext['payloadKind'];
  /** Codec for a message's content type. */
  readonly codec: (contentType: string) => Codec;
  /** Labels that a subject yields, static labels included. */
  readonly labels: (subject: string) => Readonly<Record<string, string>>;
}

export interface PipelineOptions extends CommitterOptions {
  readonly streams: readonly PipelineStream[];
  readonly limits: SeriesLimits;
  /** Longest time a row waits until queries and rules see it. */
  readonly flushIntervalMs: number;
  /** Rows that are not durable yet; past it messages are refused with reason `queue_full`. */
  readonly maxPendingRows: number;
  /** Takes in every batch before it is durable: the memory that answers for the present. */
  readonly head: { append(batch: Batch): void };
}

export class Pipeline implements Progress {
  readonly #options: PipelineOptions;
  readonly #streams: ReadonlyMap<string, PipelineStream>;
  readonly #states = new Map<string, StreamState>();
  readonly #registry: SeriesRegistry;
  readonly #deriver = new Deriver();
  readonly #recentIds = new RecentIds(RECENT_IDS_GENERATION);
  readonly #ledgers = new Map<string, SequenceLedger>();
  readonly #listeners = new Set<(changedNames: ReadonlySet<string>) => void>();
  readonly #waiters: (() => void)[] = [];
  readonly #committer: Committer;
  #batch = new BatchBuilder();
  #changedNames = new Set<string>();
  #deadLetters = 0;
  #stopTimer: (() => void) | undefined;

  constructor(options: PipelineOptions, recovery: Recovery) {
    this.#options = options;
    this.#committer = new Committer(options);
    this.#streams = new Map(options.streams.map((stream) => [stream.policy.name, stream]));
    this.#registry = new SeriesRegistry(options.limits, recovery.series);
    const sealed = new Map(recovery.sealed.map(({ stream, untilNanos }) => [stream, untilNanos]));
    for (const { policy } of options.streams) {
      this.#states.set(policy.name, new StreamState(policy, sealed.get(policy.name) ?? 0n));
    }
    for (const { log, ranges } of groupPositions(recovery.positions))
      this.#ledgers.set(log, new SequenceLedger(ranges));
  }

  get seriesCount(): number {
    return this.#registry.size;
  }

  get pendingRows(): number {
    return this.#batch.rows + this.#committer.pendingRows;
  }

  get registry(): SeriesRegistry {
    return this.#registry;
  }

  get deriver(): Deriver {
    return this.#deriver;
  }

  /** From which stamp a stream's raw samples must be replayed into its windows after a restart. */
  replayFrom(stream: string): bigint {
    return this.#state(stream).windows.replayFromNanos;
  }

  /** Restores open windows from a raw sample that is stored already. */
  restore(stream: string, input: Parameters<StreamState['windows']['add']>[0]): void {
    this.#state(stream).windows.restore(input);
  }

  start(): void {
    this.#stopTimer = this.#options.clock.every(this.#options.flushIntervalMs, () => this.#tick());
  }

  /** Takes in one message. Returns at once; the envelope is settled later. */
  accept(envelope: Envelope): void {
    const { telemetry } = this.#options;
    telemetry.received(envelope.stream, 1, envelope.payload.length);
    if (!this.#isNewMessage(envelope)) {
      telemetry.duplicates(envelope.stream, 1);
      this.#batch.envelopes.push(envelope);
      return;
    }
    const stream = this.#stream(envelope.stream);
    const decoded = stream.codec(envelope.contentType).decode(envelope.payload, {
      payloadKind: stream.payloadKind,
      labels: stream.labels(envelope.subject),
      receivedNanos: envelope.receivedNanos,
    });
    this.#take(envelope, decoded);
    this.#batch.envelopes.push(envelope);
    if (this.#batch.rows >= this.#options.maxBatchRows) this.#tick();
  }

  /** Takes in samples that the sidecar itself produced, such as those of recording rules. */
  acceptSamples(stream: string, samples: readonly Sample[]): void {
    const nowNanos = this.#options.clock.now();
    for (const sample of samples) this.#addSample(sample, this.#state(stream), nowNanos);
  }

  /** Stores transitions with the next batch; resolves when they are durable. */
  async storeTransitions(rows: readonly TransitionRow[]): Promise<void> {
    this.#batch.addTransitions(rows);
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
      this.#tick();
    });
  }

  onAdvance(listener: (changedNames: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes everything that was taken in and ends. Windows that are still open are rebuilt from raw samples. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    this.#tick();
    await this.#committer.drain();
  }

  #isNewMessage({ position }: Envelope): boolean {
    if (position === undefined) return true;
    let ledger = this.#ledgers.get(position.log);
    if (ledger === undefined) this.#ledgers.set(position.log, (ledger = new SequenceLedger()));
    // A full queue refuses core NATS messages only: the durable log bounds what it delivers unacknowledged.
    const range = ledger.add(position);
    if (range === undefined) return false;
    this.#batch.addPosition(position.log, range);
    return true;
  }

  #take(envelope: Envelope, decoded: Decoded): void {
    const { telemetry, maxPendingRows } = this.#options;
    const { stream } = envelope;
    const items = decoded.samples.length + decoded.events.length;
    if (envelope.position === undefined && this.pendingRows + items > maxPendingRows) {
      telemetry.dropped(stream, 'queue_full', items);
      return;
    }
    const state = this.#state(stream);
    const { receivedNanos } = envelope;
    for (const sample of decoded.samples) this.#addSample(sample, state, receivedNanos, envelope);
    for (const event of decoded.events) this.#addEvent(event, state, receivedNanos, envelope);
    for (const problem of decoded.problems) this.#reject(envelope, problem);
  }

  #addEvent(event: TradingEvent, state: StreamState, nowNanos: bigint, envelope: Envelope): void {
    const refusal = state.refuseTime(event.timeNanos, nowNanos);
    if (refusal !== undefined) {
      const detail = `${event.table} stamped ${event.timeNanos} is outside the stream's bounds`;
      this.#reject(envelope, { reason: refusal, detail, excerpt: envelope.payload });
      return;
    }
    const id = identity(event);
    if (id !== undefined && !this.#recentIds.add(id)) {
      this.#options.telemetry.duplicates(envelope.stream, 1);
      return;
    }
    this.#batch.addEvent(event);
    this.#batch.countStored(envelope.stream);
    for (const sample of this.#deriver.derive(event, nowNanos)) this.#addSample(sample, state, nowNanos);
  }

  #addSample(sample: Sample, state: StreamState, nowNanos: bigint, envelope?: Envelope): void {
    const { telemetry } = this.#options;
    const { name } = state.policy;
    const refusal = state.refuseTime(sample.timeNanos, nowNanos);
    const series = refusal ?? this.#registry.intern(sample, name, nowNanos);
    if (typeof series === 'string') {
      const detail = `${sample.labels.toString()} stamped ${sample.timeNanos}`;
      if (envelope === undefined) telemetry.dropped(name, series, 1);
      else this.#reject(envelope, { reason: series, detail, excerpt: envelope.payload });
      return;
    }
    if (envelope !== undefined) this.#batch.countStored(name);
    this.#addToSeries(sample, series, state, nowNanos);
  }

  #addToSeries(sample: Sample, series: SeriesDefinition, state: StreamState, nowNanos: bigint): void {
    const { timeNanos } = sample;
    const histogram = sample.kind === 'histogram' ? sample.histogram : undefined;
    const value = sample.kind === 'histogram' ? NaN : sample.value;
    if (histogram === undefined) this.#batch.addSample(series.id, timeNanos, value);
    else this.#batch.addHistogram(series.id, timeNanos, histogram);
    // A series belongs to the stream that created it: its watermark decides, whoever publishes.
    const owner = this.#states.get(series.stream) ?? state;
    const input = { seriesId: series.id, kind: series.kind, timeNanos, value };
    const late = owner.windows.add(histogram === undefined ? input : { ...input, histogram });
    if (late) this.#options.telemetry.late(owner.policy.name, 1);
    // A publisher whose clock is ahead must not make everyone else late.
    owner.watermark.observe(timeNanos < nowNanos ? timeNanos : nowNanos);
    if (series.kind !== 'distribution') this.#changedNames.add(series.labels.metricName);
  }

  #reject(envelope: Envelope, { reason, detail, excerpt, items = 1, countOnly }: DecodeProblem): void {
    this.#options.telemetry.dropped(envelope.stream, reason, items);
    if (countOnly === true || this.#deadLetters >= MAX_DEAD_LETTERS_PER_FLUSH) return;
    this.#deadLetters++;
    this.#options.telemetry.deadLetters(envelope.stream, reason, 1);
    this.#batch.addEvent({
      table: 'dead_letters',
      timeNanos: envelope.receivedNanos as never,
      stream: envelope.stream,
      subject: envelope.subject,
      reason,
      detail,
      payload: excerpt.slice(0, EXCERPT_BYTES),
    });
  }

  /** Seals what the watermarks allow and hands the batch to the head, which answers at once, and to the committer. */
  #tick(): void {
    const nowNanos = this.#options.clock.now();
    const parts = [];
    const sealed: { stream: string; untilNanos: bigint }[] = [];
    for (const [stream, { watermark, windows }] of this.#states) {
      watermark.tick(nowNanos);
      const before = windows.sealedUntilNanos;
      const sealedParts = windows.seal(watermark.nanos);
      parts.push(...sealedParts);
      if (windows.sealedUntilNanos !== before) sealed.push({ stream, untilNanos: windows.sealedUntilNanos });
    }
    if (this.#batch.isEmpty && parts.length === 0) {
      this.#committer.tick();
      return;
    }
    for (const part of parts) {
      const series = part.histogram === undefined ? undefined : this.#registry.byId(part.seriesId);
      if (series !== undefined) this.#changedNames.add(series.labels.metricName);
    }
    const { rows, envelopes, storedByStream } = this.#batch;
    const batch = this.#batch.build(this.#registry.takeCreated(), parts, sealed);
    this.#batch = new BatchBuilder();
    this.#deadLetters = 0;
    this.#options.head.append(batch);
    this.#committer.add({ batch, rows, envelopes, storedByStream, waiters: this.#waiters.splice(0) });
    this.#announce();
  }

  #announce(): void {
    const changed = this.#changedNames;
    if (changed.size === 0) return;
    this.#changedNames = new Set();
    for (const listener of this.#listeners) listener(changed);
  }

  #stream(name: string): PipelineStream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new Error(`bug: a message of stream ${name}, which is not configured`);
    return stream;
  }

  #state(name: string): StreamState {
    const state = this.#states.get(name);
    if (state === undefined) throw new Error(`bug: stream ${name} is not configured`);
    return state;
  }
}

/** What makes an event the same event; undefined where repeats cannot be told. */
function identity(event: TradingEvent): string | undefined {
  if (event.table === 'orders') return `o\0${event.id}`;
  if (event.table === 'fills') return `f\0${event.venue}\0${event.id}`;
  return undefined;
}

function groupPositions(positions: Recovery['positions']): { log: string; ranges: { from: number; to: number }[] }[] {
  const byLog = new Map<string, { from: number; to: number }[]>();
  for (const { log, sequence } of positions) {
    const at = log.lastIndexOf('@');
    const name = log.slice(0, at);
    const from = Number(log.slice(at + 1));
    if (at <= 0 || !Number.isInteger(from)) continue;
    byLog.set(name, [...(byLog.get(name) ?? []), { from, to: sequence }]);
  }
  return [...byLog].map(([log, ranges]) => ({ log, ranges }));
}
