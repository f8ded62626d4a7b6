/**
 * A message's way: envelope -> codec -> sink (series id and limits, batch) -> head and store -> settled. An envelope is
 * settled as stored only after the commit that holds its last sample. Nothing is dropped without a counter and, for bad
 * messages, a dead letter.
 */
import { type Sample } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { ChangeSink, Envelope, Progress, Recovery, SampleSink, StampedColumns, TransitionRow } from '../ports.ts';
import { Announcer } from './announcer.ts';
import { BatchBuilder } from './batch-builder.ts';
import { Changes, type Change } from './changes.ts';
import { ClockOffsets } from './clock-offsets.ts';
import { CommitSchedule } from './commit-schedule.ts';
import { CommitWaiters, notStored } from './commit-waiters.ts';
import { Committer, type CommitterOptions } from './committer.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Deriver } from './derive.ts';
import { EventIntake } from './event-intake.ts';
import { Handover } from './handover.ts';
import { type DeclaredLimits, LimitShares } from './limit-shares.ts';
import { LateSpans } from './late-spans.ts';
import { LogPositions } from './log-positions.ts';
import { MessageSink, type Taken } from './message-sink.ts';
import { ExemplarMemory } from './exemplar-memory.ts';
import type { PipelineHead } from './pipeline-head.ts';
import { type RecentEvents, RecentIds } from './recent-ids.ts';
import { SeriesRegistry, type SeriesLimits } from './series-registry.ts';
import { SilentSeries, type SilentSeriesOptions } from './silent-series.ts';
import { StreamIntake, type PipelineStream } from './stream-intake.ts';
import { StreamState, takeStored } from './stream-state.ts';

/** Watermarks, sealing, counters and rules follow at this distance; rows are shown sooner. */
const ADVANCE_EVERY_MS = 50;
/**
 * So much larger may the batch of samples be whose publisher waits for no acknowledgement. By default that makes 125,000
 * rows, a little more than a row group of the store (122,880): such a batch the engine compresses and writes at once, a
 * smaller one goes into its log first, and costs twice the CPU time.
 */
const UNAWAITED_BATCHES = 2.5;
/** Messages that carry an id may be far more than events; together the two keep at most 1.5 million texts. */
const RECENT_MESSAGES_GENERATION = 250_000;

export interface PipelineOptions extends CommitterOptions {
  readonly streams: readonly PipelineStream[];
  readonly limits: SeriesLimits;
  /** Longest time a row waits until queries see it. */
  readonly flushIntervalMs: number;
  /** Longest wait for a commit; four times of it where nobody waits. */
  readonly commitIntervalMs: number;
  /** A commit is due as soon as this many rows wait; two and a half times as many where nobody waits. */
  readonly maxBatchRows: number;
  /** Rows that are not durable yet; past it messages are refused with reason `queue_full`. */
  readonly maxPendingRows: number;
  /** Exemplars that are kept in memory. */
  readonly maxExemplars: number;
  readonly sloLimits?: DeclaredLimits;
  readonly head: PipelineHead;
  readonly resting: Pick<SilentSeriesOptions, 'restAfterMs' | 'totalsOf' | 'onRest'>;
}

export class Pipeline implements Progress {
  readonly #options: PipelineOptions;
  readonly #streams: ReadonlyMap<string, StreamIntake>;
  readonly #states: readonly StreamState[];
  readonly #registry: SeriesRegistry;
  readonly #recentMessages = new RecentIds(RECENT_MESSAGES_GENERATION);
  readonly #positions: LogPositions;
  readonly #announcer = new Announcer();
  readonly #committer: Committer;
  readonly #batch = new BatchBuilder();
  readonly #changes: Changes;
  readonly late: LateSpans;
  readonly #offsets = new ClockOffsets();
  /** What publishers sent of them. */
  readonly exemplars: ExemplarMemory;
  readonly handover = new Handover();
  readonly #sink: MessageSink;
  readonly #events: EventIntake;
  readonly #deadLetters: DeadLetters;
  readonly #silent: SilentSeries;
  #lastReceived = { nanos: 0n, seconds: 0 };
  #lastAdvanceMs = 0;
  readonly #schedule: CommitSchedule;
  readonly #waiters = new CommitWaiters();
  #stopTimer: (() => void) | undefined;

  constructor(options: PipelineOptions, recovery: Recovery) {
    this.#options = options;
    this.#committer = new Committer(options);
    this.#schedule = new CommitSchedule(options.commitIntervalMs);
    this.#states = options.streams.map(({ policy }, number) => new StreamState(policy, number));
    this.#streams = new Map(
      options.streams.map((stream, i) => [
        stream.policy.name,
        new StreamIntake(stream, this.#states[i] as StreamState),
      ]),
    );
    const numberOf = (stream: string): number => this.#streams.get(stream)?.state.number ?? 0;
    this.#registry = new SeriesRegistry(options.limits, recovery.series, numberOf);
    this.#changes = new Changes(this.#registry.names);
    this.late = new LateSpans(this.#registry.names);
    this.#deadLetters = new DeadLetters(options.telemetry, this.#batch);
    this.#silent = new SilentSeries({
      ...options.resting,
      registry: this.#registry,
      head: options.head,
      onRestored: (id, sinceSeconds) => this.#changes.note(this.#registry.nameOf[id] as number, sinceSeconds),
    });
    this.exemplars = new ExemplarMemory(options.maxExemplars);
    this.#events = new EventIntake({
      registry: this.#registry,
      batch: this.#batch,
      deadLetters: this.#deadLetters,
      stateOf: (stream) => this.#stream(stream).state,
    });
    this.#sink = new MessageSink({
      registry: this.#registry,
      batch: this.#batch,
      changes: this.#changes,
      late: this.late,
      states: this.#states,
      offsets: this.#offsets,
      exemplars: this.exemplars,
      shares: new LimitShares(options.sloLimits ?? {}, (ref) => this.#registry.byId(ref)?.labels),
      isLate: (stream, second) => options.head.isLate(stream, second),
      onEvent: (event, envelope) => this.#events.add(event, envelope, this.#sink),
      onProblem: (problem, envelope, stream) => this.#deadLetters.reject(problem, envelope, stream),
    });
    this.#positions = new LogPositions(recovery.positions);
    this.#tickStates(this.#nowSeconds());
  }

  get seriesCount(): number {
    return this.#registry.size;
  }

  get pendingRows(): number {
    return this.#batch.rows + this.#committer.rows;
  }

  get registry(): SeriesRegistry {
    return this.#registry;
  }

  get deriver(): Deriver {
    return this.#events.deriver;
  }

  /** Of events; a restart fills it again. */
  get recentEvents(): RecentEvents {
    return this.#events.recent;
  }

  /** Must be awaited before each batch is written, and again when that is tried anew. */
  restore(): Promise<void> {
    return this.#silent.restore();
  }

  start(): void {
    this.#stopTimer = this.#options.clock.every(this.#options.flushIntervalMs, () => this.#tick());
  }

  /** Whom to tell what changed in the answers of head and store. */
  announceTo(sink: ChangeSink): void {
    this.#announcer.announceTo(sink);
  }

  /** Takes in one message. Returns at once; the envelope is settled later. */
  accept(envelope: Envelope): void {
    if (this.#committer.hasFailed) return envelope.settle?.('failed');
    const entry = this.#stream(envelope.stream);
    const { state } = entry;
    state.messages++;
    state.bytes += envelope.payload.length;
    if (envelope.settle !== undefined) this.#batch.envelopes.push(envelope);
    if (this.#isNewMessage(envelope)) {
      this.#begin(state, envelope.receivedNanos, envelope);
      entry.decode(envelope, this.#sink);
      this.#end(state);
    } else {
      state.duplicates++;
      this.#sink.begin(state, 0, envelope);
    }
  }

  /**
   * Takes in one message that waits for its commit. Throws `intake.busy` when the queue is full, and
   * `store.unavailable` when the message cannot become durable.
   */
  async submit(message: Omit<Envelope, 'settle' | 'position'>): Promise<Taken> {
    const { pendingRows } = this;
    if (pendingRows >= this.#options.maxPendingRows) {
      throw new TapewatchError('intake.busy', `${pendingRows} rows wait for the store; try again in a few seconds`);
    }
    let settled: (outcome: 'stored' | 'failed') => void = () => undefined;
    const outcome = new Promise<'stored' | 'failed'>((resolve) => (settled = resolve));
    // Before: a batch that this message fills is committed at once, and the request with it.
    this.#schedule.request();
    this.accept({ ...message, settle: settled });
    const { taken } = this.#sink;
    if ((await outcome) === 'stored') return taken;
    throw notStored(`a message of stream ${message.stream}`);
  }

  /** Tells of a message of which nothing can be decoded. */
  refuse(message: Omit<Envelope, 'settle' | 'position'>, problem: Parameters<MessageSink['problem']>[0]): void {
    const { state } = this.#stream(message.stream);
    state.messages++;
    state.bytes += message.payload.length;
    this.#begin(state, message.receivedNanos, message);
    this.#sink.problem(problem);
    this.#end(state);
  }

  /** Takes in samples that the sidecar itself produced, such as those of recording rules. */
  acceptSamples(stream: string, samples: readonly Sample[]): void {
    this.write(stream, () => {
      for (const sample of samples) this.#addSample(sample);
    });
  }

  /** Lets a part of the sidecar, such as the scraper, write samples of a stream; `use` runs at once. */
  write(stream: string, use: (sink: SampleSink) => void): Taken {
    const { state } = this.#stream(stream);
    this.#begin(state, this.#options.clock.now());
    use(this.#sink);
    this.#end(state);
    return this.#sink.taken;
  }

  #begin(state: StreamState, receivedNanos: bigint, envelope?: Envelope): void {
    const sink = this.#sink;
    // Messages that were read at once share their stamp, and a BigInt is dear to convert.
    if (receivedNanos !== this.#lastReceived.nanos) {
      this.#lastReceived = { nanos: receivedNanos, seconds: Number(receivedNanos / 1_000n) / 1e6 };
    }
    sink.begin(state, this.#lastReceived.seconds, envelope);
    // The durable log bounds what it delivers unacknowledged; only what comes without one is refused by a full queue.
    sink.isClosed = this.#refuses(envelope?.position);
  }

  #refuses(position: Envelope['position']): boolean {
    return position === undefined && this.pendingRows >= this.#options.maxPendingRows;
  }

  #end(state: StreamState): void {
    this.#sink.end();
    const { isClosed, rejected } = this.#sink;
    if (isClosed) this.#options.telemetry.dropped(state.policy.name, 'queue_full', rejected);
    if (this.#isBatchFull()) this.#commitWhenDue();
  }

  #isBatchFull(): boolean {
    const { rows } = this.#batch;
    const { maxBatchRows, maxPendingRows } = this.#options;
    if (rows < maxBatchRows || this.#batch.isAwaited) return rows >= maxBatchRows;
    // Before the queue is full: what is under way counts, too.
    return rows >= Math.min(maxBatchRows * UNAWAITED_BATCHES, maxPendingRows / 2);
  }

  /** Stores transitions with the next batch; resolves when they are durable, rejects when they cannot be. */
  async storeTransitions(rows: readonly TransitionRow[]): Promise<void> {
    if (this.#committer.hasFailed) throw notStored('transitions');
    this.#batch.addTransitions(rows);
    const stored = this.#waiters.wait();
    this.#schedule.want();
    this.#commitWhenDue();
    await stored;
  }

  onAdvance(listener: (changedNames: ReadonlySet<string>) => void): () => void {
    return this.#announcer.subscribe(listener);
  }

  /** Writes everything that was taken in and ends. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    this.#tick();
    const committer = this.#committer;
    while (!committer.hasFailed && (!committer.isFree || !this.#batch.isEmpty)) {
      await (committer.isFree ? this.#commit() : committer.idle());
    }
  }

  #isNewMessage({ position, messageId = '', stream }: Envelope): boolean {
    const range = position === undefined ? undefined : this.#positions.add(position);
    if (position !== undefined) {
      if (range === undefined) return false;
      this.#batch.addPosition(position.log, range);
    }
    // What a full queue refuses has not been seen.
    return messageId === '' || this.#refuses(position) || this.#recentMessages.add(`${stream}\0${messageId}`);
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

  #tick(): void {
    this.#show();
    const nowMs = this.#nowSeconds() * 1_000;
    if (nowMs - this.#lastAdvanceMs >= ADVANCE_EVERY_MS || nowMs < this.#lastAdvanceMs) this.#advance(nowMs);
    this.#schedule.tick(nowMs, this.#batch);
    this.#commitWhenDue();
  }

  /** Hands what is new to the head, which answers with it at once. */
  #show(): void {
    const { head } = this.#options;
    const created = this.#registry.takeCreated();
    for (const definition of created) head.define(definition);
    this.#silent.wake();
    this.#batch.addSeries(created);
    const rows = this.#batch.unseen();
    if (rows === undefined) return;
    head.append(rows);
    this.#tellAge(rows.samples);
    this.#announcer.shown(this.#changes.take());
  }

  #tellAge({ seconds, nanos }: StampedColumns): void {
    const { telemetry } = this.#options;
    if (telemetry.visible === undefined || seconds.length === 0) return;
    const now = this.#nowSeconds();
    for (const row of [0, seconds.length - 1]) {
      telemetry.visible(Math.max(0, now - (seconds[row] as number) - (nanos[row] as number) / 1e9));
    }
  }

  /** Moves the watermarks on, closes what they allow, and tells rules and counters what happened. */
  #advance(nowMs: number): void {
    this.#lastAdvanceMs = nowMs;
    this.#deadLetters.advance();
    const [{ telemetry }, { sources }] = [this.#options, this.#registry];
    for (const state of this.#states) state.tell(telemetry);
    this.#offsets.tell(nowMs / 1_000, (source, offset) => telemetry.clockOffset?.(sources[source] as string, offset));
    this.#tickStates(nowMs / 1_000);
    this.#announcer.sealed(this.#seal(), nowMs);
    // Else with the next commit: the store takes over what memory lets go of, and knows what is durable.
    if (this.#batch.isEmpty && this.#committer.isFree) this.#options.head.evict();
    this.#silent.tick(nowMs, this.#schedule.behindMs(nowMs));
    this.#announcer.tellListeners();
    this.late.tell();
  }

  #commitWhenDue(): void {
    if (!(this.#schedule.isWanted || this.#isBatchFull()) || !this.#committer.isFree) return;
    void this.#commit().then(() => this.#commitWhenDue());
  }

  async #commit(): Promise<void> {
    this.#show();
    const done = this.#schedule.begin(this.#nowSeconds() * 1_000);
    const waiters = this.#waiters.take();
    const tellStored = this.#announcer.takeUncommitted(this.#nowSeconds() * 1_000);
    const commit = this.#committer.start({
      ...this.#batch.take(),
      storedByStream: takeStored(this.#states),
      onStored: () => {
        tellStored();
        waiters.stored();
      },
    });
    // All that memory has shown is in this commit.
    const forgotten = this.#options.head.evict();
    if (forgotten !== undefined) this.handover.begin(forgotten, commit);
    await commit;
    done(this.#nowSeconds() * 1_000);
    if (!this.#committer.hasFailed) return;
    // Nothing becomes durable any more: whoever waits must hear it, or would wait for ever.
    for (const { failed } of [waiters, this.#waiters.take()]) failed();
    for (const envelope of this.#batch.take().envelopes) envelope.settle?.('failed');
  }

  #tickStates(nowSeconds: number): void {
    for (const state of this.#states) state.tick(nowSeconds);
  }

  #seal(): Change[] {
    const oldestByName = new Map<string, number>();
    for (const { policy, watermark } of this.#states) this.#options.head.seal(policy.name, watermark, oldestByName);
    return [...oldestByName].map(([name, second]) => ({ name, oldestMs: second * 1_000 }));
  }

  #nowSeconds(): number {
    return Number(this.#options.clock.now() / 1_000n) / 1e6;
  }

  #stream(name: string): StreamIntake {
    const found = this.#streams.get(name);
    if (found === undefined) throw new Error(`bug: a message of stream ${name}, which is not configured`);
    return found;
  }
}
