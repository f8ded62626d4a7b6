/**
 * A message's way: envelope -> codec -> sink (series id and limits, batch) -> head and store -> settled. An envelope is
 * settled as stored only after the commit that holds its last sample. Nothing is dropped without a counter and, for bad
 * messages, a dead letter.
 */
import { SequenceLedger, type Sample, type TradingEvent } from '@tapewatch/core';
import type {
  ChangeSink,
  ColumnBatch,
  DecodeContext,
  DecodeProblem,
  Envelope,
  Progress,
  Recovery,
  SinkCodec,
  TransitionRow,
} from '../ports.ts';
import { BatchBuilder } from './batch-builder.ts';
import { Changes, tell, type Change } from './changes.ts';
import { Committer, type CommitterOptions } from './committer.ts';
import { Deriver } from './derive.ts';
import { MessageSink } from './message-sink.ts';
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
  readonly codec: (contentType: string) => SinkCodec;
  /** Labels that a subject yields, static labels included. */
  readonly labels: (subject: string) => Readonly<Record<string, string>>;
}

/** The memory that answers for the present. */
export interface PipelineHead {
  /** Takes in every batch before it is durable. */
  append(batch: ColumnBatch): void;
  /** Closes the seconds of a stream that end at or before the watermark; adds the names of distributions that show more. */
  seal(stream: string, watermarkSeconds: number, changedNames: Map<string, number>): void;
  isLate(stream: string, second: number): boolean;
  evict(): void;
}

export interface PipelineOptions extends CommitterOptions {
  readonly streams: readonly PipelineStream[];
  readonly limits: SeriesLimits;
  /** Longest time a row waits until queries and rules see it. */
  readonly flushIntervalMs: number;
  /** Rows that are not durable yet; past it messages are refused with reason `queue_full`. */
  readonly maxPendingRows: number;
  readonly head: PipelineHead;
}

/** What became of a message's items. */
export interface Taken {
  readonly accepted: number;
  readonly rejected: number;
}

export class Pipeline implements Progress {
  readonly #options: PipelineOptions;
  readonly #streams: ReadonlyMap<string, { readonly stream: PipelineStream; readonly state: StreamState }>;
  readonly #states: readonly StreamState[];
  readonly #registry: SeriesRegistry;
  readonly #deriver = new Deriver();
  readonly #recentIds = new RecentIds(RECENT_IDS_GENERATION);
  readonly #ledgers = new Map<string, SequenceLedger>();
  readonly #listeners = new Set<(changedNames: ReadonlySet<string>) => void>();
  readonly #waiters: (() => void)[] = [];
  readonly #committer: Committer;
  readonly #batch = new BatchBuilder();
  readonly #changes: Changes;
  readonly #sink: MessageSink;
  #changeSink: ChangeSink | undefined;
  #deadLetters = 0;
  #stopTimer: (() => void) | undefined;

  constructor(options: PipelineOptions, recovery: Recovery) {
    this.#options = options;
    this.#committer = new Committer(options);
    this.#states = options.streams.map(({ policy }, number) => new StreamState(policy, number));
    this.#streams = new Map(
      options.streams.map((stream, i) => [stream.policy.name, { stream, state: this.#states[i] as StreamState }]),
    );
    const numberOf = (stream: string): number => this.#streams.get(stream)?.state.number ?? 0;
    this.#registry = new SeriesRegistry(options.limits, recovery.series, numberOf);
    this.#changes = new Changes(this.#registry.names);
    this.#sink = new MessageSink({
      registry: this.#registry,
      batch: this.#batch,
      changes: this.#changes,
      states: this.#states,
      isLate: (stream, second) => options.head.isLate(stream, second),
      onEvent: (event, envelope) => this.#addEvent(event, envelope),
      onProblem: (problem, envelope, stream) => this.#reject(problem, envelope, stream),
    });
    for (const { log, ranges } of groupPositions(recovery.positions)) {
      this.#ledgers.set(log, new SequenceLedger(ranges));
    }
    this.#tickStates(this.#nowSeconds());
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

  start(): void {
    this.#stopTimer = this.#options.clock.every(this.#options.flushIntervalMs, () => this.#tick());
  }

  /** Whom to tell what changed in the answers of head and store. */
  announceTo(sink: ChangeSink): void {
    this.#changeSink = sink;
  }

  /** Takes in one message. Returns at once; the envelope is settled later. */
  accept(envelope: Envelope): Taken {
    const { stream, state } = this.#stream(envelope.stream);
    state.messages++;
    state.bytes += envelope.payload.length;
    if (!this.#isNewMessage(envelope)) {
      state.duplicates++;
      this.#batch.envelopes.push(envelope);
      return { accepted: 0, rejected: 0 };
    }
    const { receivedNanos, position } = envelope;
    const sink = this.#sink;
    sink.begin(state, Number(receivedNanos / 1_000n) / 1e6, envelope);
    // A full queue refuses core NATS messages only: the durable log bounds what it delivers unacknowledged.
    sink.isClosed = position === undefined && this.pendingRows >= this.#options.maxPendingRows;
    stream
      .codec(envelope.contentType)
      .decodeInto(
        envelope.payload,
        { payloadKind: stream.payloadKind, labels: stream.labels(envelope.subject), receivedNanos },
        sink,
      );
    const { accepted, rejected } = sink;
    if (sink.isClosed) this.#options.telemetry.dropped(envelope.stream, 'queue_full', rejected);
    sink.isClosed = false;
    this.#batch.envelopes.push(envelope);
    if (this.#batch.rows >= this.#options.maxBatchRows) this.#tick();
    return { accepted, rejected };
  }

  /** Takes in samples that the sidecar itself produced, such as those of recording rules. */
  acceptSamples(stream: string, samples: readonly Sample[]): void {
    const { state } = this.#stream(stream);
    this.#sink.begin(state, this.#nowSeconds());
    for (const sample of samples) this.#addSample(sample);
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

  /** Writes everything that was taken in and ends. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    this.#tick();
    await this.#committer.drain();
  }

  #isNewMessage({ position }: Envelope): boolean {
    if (position === undefined) return true;
    let ledger = this.#ledgers.get(position.log);
    if (ledger === undefined) this.#ledgers.set(position.log, (ledger = new SequenceLedger()));
    const range = ledger.add(position);
    if (range === undefined) return false;
    this.#batch.addPosition(position.log, range);
    return true;
  }

  #addEvent(event: TradingEvent, envelope: Envelope): void {
    const { state } = this.#stream(envelope.stream);
    const refusal = state.refuseTime(Number(event.timeNanos / 1_000_000_000n));
    if (refusal !== undefined) {
      const detail = `${event.table} stamped ${event.timeNanos} is outside the stream's bounds`;
      this.#sink.rejected++;
      this.#reject({ reason: refusal, detail, excerpt: envelope.payload }, envelope, envelope.stream);
      return;
    }
    const id = identity(event);
    if (id !== undefined && !this.#recentIds.add(id)) {
      state.duplicates++;
      return;
    }
    this.#batch.addEvent(event);
    const [accepted, stored] = [this.#sink.accepted + 1, state.stored + 1];
    for (const sample of this.#deriver.derive(event, envelope.receivedNanos)) this.#addSample(sample);
    // Only what was published counts, not what was derived from it.
    this.#sink.accepted = accepted;
    state.stored = stored;
  }

  #addSample(sample: Sample): void {
    const { labels, kind, unit, help, timeNanos } = sample;
    const sink = this.#sink;
    const seconds = Number(timeNanos / 1_000_000_000n);
    const nanos = Number(timeNanos % 1_000_000_000n);
    const ref = sink.series(labels, kind, unit, help);
    if (sample.kind === 'histogram') sink.histogram(ref, seconds, nanos, sample.histogram);
    else sink.number(ref, seconds, nanos, sample.value);
  }

  /** `envelope` is undefined for samples that the sidecar itself produced: these are counted only. */
  #reject(
    { reason, detail, excerpt, items = 1, countOnly }: DecodeProblem,
    envelope: Envelope | undefined,
    stream: string,
  ): void {
    this.#options.telemetry.dropped(stream, reason, items);
    if (envelope === undefined || countOnly === true || this.#deadLetters >= MAX_DEAD_LETTERS_PER_FLUSH) return;
    this.#deadLetters++;
    this.#options.telemetry.deadLetters(stream, reason, 1);
    this.#batch.addEvent({
      table: 'dead_letters',
      timeNanos: envelope.receivedNanos as never,
      stream,
      subject: envelope.subject,
      reason,
      detail,
      payload: excerpt.slice(0, EXCERPT_BYTES),
    });
  }

  /** Hands the batch to the head, which answers at once, and to the committer, and closes what the watermarks allow. */
  #tick(): void {
    const { head } = this.#options;
    const storedByStream = this.#tellTelemetry();
    const changes = this.#changes.take();
    const isEmpty = this.#batch.isEmpty && this.#waiters.length === 0;
    const taken = isEmpty ? undefined : this.#batch.take(this.#registry.takeCreated());
    this.#deadLetters = 0;
    if (taken !== undefined) head.append(taken.batch);
    this.#tickStates(this.#nowSeconds());
    const sealed = this.#seal();
    head.evict();
    this.#announce(changes, sealed);
    if (taken === undefined) return this.#committer.tick();
    const onStored = (): void => tell(this.#changeSink, changes);
    this.#committer.add({ ...taken, storedByStream, waiters: this.#waiters.splice(0), onStored });
  }

  #tickStates(nowSeconds: number): void {
    for (const state of this.#states) state.tick(nowSeconds);
  }

  #seal(): Change[] {
    const oldestByName = new Map<string, number>();
    for (const { policy, watermark } of this.#states) this.#options.head.seal(policy.name, watermark, oldestByName);
    return [...oldestByName].map(([name, second]) => ({ name, oldestMs: second * 1_000 }));
  }

  #announce(changes: readonly Change[], sealed: readonly Change[]): void {
    tell(this.#changeSink, changes);
    tell(this.#changeSink, sealed);
    const names = new Set([...changes, ...sealed].map(({ name }) => name));
    if (names.size > 0) for (const listener of this.#listeners) listener(names);
  }

  /** What was counted since the last flush; per message it would cost more than the message. */
  #tellTelemetry(): Map<string, number> {
    const { telemetry } = this.#options;
    const storedByStream = new Map<string, number>();
    for (const state of this.#states) {
      const { name } = state.policy;
      if (state.messages > 0) telemetry.received(name, state.messages, state.bytes);
      if (state.duplicates > 0) telemetry.duplicates(name, state.duplicates);
      if (state.late > 0) telemetry.late(name, state.late);
      if (state.stored > 0) storedByStream.set(name, state.stored);
      state.messages = state.bytes = state.duplicates = state.late = state.stored = 0;
    }
    return storedByStream;
  }

  #nowSeconds(): number {
    return Number(this.#options.clock.now() / 1_000n) / 1e6;
  }

  #stream(name: string): { readonly stream: PipelineStream; readonly state: StreamState } {
    const found = this.#streams.get(name);
    if (found === undefined) throw new Error(`bug: a message of stream ${name}, which is not configured`);
    return found;
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
