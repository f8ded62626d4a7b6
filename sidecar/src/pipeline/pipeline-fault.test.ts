/** What the pipeline owes to those who wait when the store gives up for good, and when the wall clock is set back. */
import { Labels, METRIC_NAME } from '@tapewatch/core';
import type { ColumnBatch, Envelope, SampleSink, Telemetry, TransitionRow } from '../ports.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

const SECOND = 1_000_000_000n;
const nothing = (): undefined => undefined;
const telemetry = new Proxy({}, { get: () => nothing }) as Telemetry;

function setUp(overrides: Partial<PipelineOptions> = {}) {
  const time: { nanos: bigint; tick: () => void } = { nanos: 1_700_000_000n * SECOND, tick: nothing };
  const batches: ColumnBatch[] = [];
  const settled: string[] = [];
  const pipeline = new Pipeline(
    {
      clock: { now: () => time.nanos, every: (_, tick) => ((time.tick = tick), nothing) },
      telemetry,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      streams: [
        {
          policy: {
            name: 's',
            watermarkDelayMs: 1,
            idleDelayMs: 1,
            maxLatenessMs: 86_400_000,
            maxFutureMs: 86_400_000,
          },
          payloadKind: 'metric',
          codec: () => ({ name: 'one sample', decodeInto: (_, { receivedNanos }, sink) => put(sink, receivedNanos) }),
          labels: () => ({}),
        },
      ],
      limits: { maxSeries: 9, maxNewPerSecond: 9 },
      ...{ flushIntervalMs: 2, commitIntervalMs: 250, maxBatchRows: 1_000, maxPendingRows: 1_000, maxExemplars: 9 },
      head: { define: nothing, append: nothing, seal: nothing, isLate: () => false, evict: nothing, ...NEVER_RESTS },
      resting: { restAfterMs: 3_600_000, totalsOf: async () => [], onRest: () => undefined },
      append: async (batch) => (batches.push(batch), { duplicates: 0 }),
      onFatal: nothing,
      ...overrides,
    },
    { series: [], positions: [], sealed: [], openAlerts: [] },
  );
  pipeline.start();
  const message = (name: string): Envelope => ({
    ...{ stream: 's', subject: name, payload: new Uint8Array(1), contentType: '', receivedNanos: time.nanos },
    settle: (outcome) => settled.push(`${name} ${outcome}`),
  });
  const pass = async (ms: number): Promise<void> => {
    time.nanos += BigInt(ms) * 1_000_000n;
    time.tick();
    await new Promise(setImmediate);
  };
  return { pipeline, batches, settled, message, pass };
}

const NEVER_RESTS = { holds: () => true, forget: () => undefined, setTotal: () => undefined };

function put(sink: SampleSink, stamp: bigint): void {
  sink.number(sink.series(Labels.from({ [METRIC_NAME]: 'm' }), 'gauge'), Number(stamp / SECOND), 0, 1);
}

describe('Pipeline, when things go wrong', () => {
  it('tells everyone who waits that the store gave up, also those who came meanwhile or come afterwards', async () => {
    let giveUp: (reason: Error) => void = nothing;
    const append = () => new Promise<never>((_, reject) => (giveUp = reject));
    const { pipeline, settled, message, pass } = setUp({ append });
    const transitions = pipeline.storeTransitions([{ rule: 'first' } as TransitionRow]).catch(String);
    pipeline.accept(message('meanwhile'));
    const waiting = pipeline.submit(message('request')).catch(({ code }: { code: string }) => code);
    const later = pipeline.storeTransitions([{ rule: 'second' } as TransitionRow]).catch(String);
    giveUp(new Error('disk gone'));
    await pass(1);
    pipeline.accept(message('afterwards'));
    expect(settled).toEqual(['meanwhile failed', 'afterwards failed']);
    expect(await waiting).toBe('store.unavailable');
    expect(await pipeline.submit(message('late request')).catch(({ code }: { code: string }) => code)).toBe(
      'store.unavailable',
    );
    expect([await transitions, await later]).toEqual([
      expect.stringContaining('could not be stored'),
      expect.stringContaining('could not be stored'),
    ]);
    expect(await pipeline.storeTransitions([{ rule: 'third' } as TransitionRow]).catch(String)).toContain(
      'could not be stored',
    );
    await pipeline.stop();
  });

  it('takes a message that comes again after a full queue refused it', async () => {
    const { pipeline, batches, message, pass } = setUp({ maxPendingRows: 1 });
    pipeline.accept(message('fills the queue'));
    const refused = { ...message('refused'), messageId: 'x', receivedNanos: 1_700_000_001n * SECOND };
    pipeline.accept(refused);
    for (const _ of [1, 2]) await pass(250);
    for (const _ of [1, 2]) pipeline.accept(refused);
    for (const _ of [1, 2]) await pass(250);
    expect(batches.map(({ samples }) => samples.values.length)).toEqual([1, 1]);
  });

  it('counts once what a writer sends again without an id: the same sample as the newest of its series', async () => {
    const told = { duplicates: 0 };
    const counting = { ...{ duplicates: (_: string, items: number) => (told.duplicates += items) } };
    const telling = new Proxy(counting, { get: (own, name) => Reflect.get(own, name) ?? nothing }) as never;
    const { pipeline, batches, pass } = setUp({ telemetry: telling });
    const write = (value: number, nanos: number) =>
      pipeline.write('s', (sink) => {
        sink.number(sink.series(Labels.from({ [METRIC_NAME]: 'm' }), 'gauge'), 1_700_000_000, nanos, value);
      });
    const sent = [
      [1, 0],
      [1, 0],
      [NaN, 1],
      [NaN, 1],
      [2, 1],
      [2, 2],
      [2, 1],
    ] as const;
    // The writer hears that each was taken.
    for (const [value, nanos] of sent) expect(write(value, nanos)).toMatchObject({ accepted: 1, rejected: 0 });
    for (const _ of [1, 2, 3, 4, 5]) await pass(250);
    // Another value at the stamp, the same value at another one, and what is older than the newest are samples of their own.
    expect(batches.flatMap(({ samples }) => [...samples.values])).toEqual([1, NaN, 2, 2, 2]);
    expect(told.duplicates).toBe(2);
  });

  it('knows a message to be stored even if one who is told of it fails', async () => {
    const fatal: unknown[] = [];
    const { pipeline, batches, settled, message, pass } = setUp({ onFatal: (reason) => fatal.push(reason) });
    const failing = () => {
      throw new Error('the connection is closing');
    };
    pipeline.accept({ ...message('first'), settle: failing });
    pipeline.accept(message('second'));
    for (const _ of [1, 2]) await pass(250);
    expect(settled).toEqual(['second stored']);
    expect(fatal).toEqual([]);
    expect(batches).toHaveLength(1);
  });

  it('commits in time although the wall clock is set back while rows wait', async () => {
    const { pipeline, batches, settled, message, pass } = setUp();
    pipeline.accept(message('a'));
    await pass(2);
    await pass(-3_600_000);
    await pass(250);
    expect(batches).toHaveLength(1);
    expect(settled).toEqual(['a stored']);
  });

  it('lets nothing rest while the only commit hangs, also one that began before any tick saw its rows', async () => {
    const head = { define: nothing, append: nothing, seal: nothing, isLate: () => false, evict: nothing };
    const { pipeline, message, pass } = setUp({
      ...{ maxBatchRows: 1, append: () => new Promise<never>(nothing) },
      head: { ...head, ...NEVER_RESTS, holds: () => false },
    });
    pipeline.accept(message('hangs'));
    for (let sweep = 0; sweep < 10; sweep++) await pass(1_000_000);
    expect(pipeline.seriesCount).toBe(1);
  });
});
