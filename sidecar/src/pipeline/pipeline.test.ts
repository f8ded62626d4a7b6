import { ExponentialHistogram, Labels, METRIC_NAME, nanos } from '@tapewatch/core';
import type { Clock, ColumnBatch, Envelope, Logger, Recovery, Codec, Telemetry, TransitionRow } from '../ports.ts';
import { fillOf } from '../store/store.fixture.ts';
import { rowsOf } from '../store/event-rows.ts';
import type { PipelineHead } from './pipeline-head.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

const T0 = 1_700_000_000_000_000_000n;
const EMPTY: Recovery = { series: [], positions: [], sealed: [], openAlerts: [] };
const NO_HEAD: PipelineHead = {
  define: () => undefined,
  append: () => undefined,
  seal: () => undefined,
  isLate: () => false,
  evict: () => undefined,
  holds: () => false,
  forget: () => undefined,
  setTotal: () => undefined,
};

class ManualClock implements Clock {
  nanos = T0;
  #callbacks: (() => void)[] = [];
  now(): bigint {
    return this.nanos;
  }
  every(_intervalMs: number, callback: () => void): () => void {
    this.#callbacks.push(callback);
    return () => undefined;
  }
  advance(ms: number): void {
    this.nanos += BigInt(ms) * 1_000_000n;
    for (const callback of this.#callbacks) callback();
  }
}

/** Payload: `name value offsetMs`, `fill id offsetMs`, or anything else for a problem. */
const codec: Codec = {
  name: 'test',
  decodeInto(payload, { receivedNanos }, sink) {
    const text = Buffer.from(payload).toString();
    const fill = /^fill (\w+) (-?\d+)$/.exec(text);
    if (fill !== null)
      return sink.event(fillOf(fill[1] as string, receivedNanos + BigInt(fill[2] as string) * 1_000_000n));
    const match = /^(\w+) (\S+) (-?\d+)$/.exec(text);
    if (match === null) return sink.problem({ reason: 'syntax', detail: text, excerpt: payload });
    const [, name = '', value = '', offset = '0'] = match;
    const ref = sink.series(Labels.from({ [METRIC_NAME]: name }), 'observation');
    const stamp = receivedNanos + BigInt(offset) * 1_000_000n;
    const [seconds, rest] = [Number(stamp / 1_000_000_000n), Number(stamp % 1_000_000_000n)];
    if (value === 'custom' || value === 'exponential') {
      const histogram = new ExponentialHistogram(value === 'custom' ? { customBounds: [1, 2] } : {});
      histogram.observe(1);
      sink.histogram(ref, seconds, rest, histogram);
    } else sink.number(ref, seconds, rest, Number(value));
  },
};

function countingTelemetry(): { telemetry: Telemetry; counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const count = (key: string, by: number): void => {
    counts[key] = (counts[key] ?? 0) + by;
  };
  const nothing = (): void => undefined;
  const telemetry: Telemetry = {
    received: (_stream, messages) => count('received', messages),
    stored: (_stream, items) => count('stored', items),
    dropped: (_stream, reason, items) => count(`dropped ${reason}`, items),
    duplicates: (_stream, items) => count('duplicates', items),
    late: (_stream, items) => count('late', items),
    deadLetters: (_stream, reason, items) => count(`dead ${reason}`, items),
    ingestLag: nothing,
    storeAppended: nothing,
    queried: nothing,
    ruleEvaluated: nothing,
    notified: nothing,
    level: nothing,
  };
  return { telemetry, counts };
}

const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function setUp(overrides: Partial<PipelineOptions> = {}, recovery = EMPTY) {
  const clock = new ManualClock();
  const { telemetry, counts } = countingTelemetry();
  const batches: ColumnBatch[] = [];
  const settled: string[] = [];
  const pipeline = new Pipeline(
    {
      clock,
      telemetry,
      log,
      streams: [
        {
          policy: {
            name: 'test',
            watermarkDelayMs: 1_000,
            idleDelayMs: 2_000,
            maxLatenessMs: 3_600_000,
            maxFutureMs: 600_000,
          },
          payloadKind: 'metric',
          codec: () => codec,
          labels: () => ({}),
        },
      ],
      limits: { maxSeries: 3, maxNewPerSecond: 100 },
      flushIntervalMs: 50,
      maxBatchRows: 1_000,
      maxPendingRows: 4,
      maxExemplars: 100,
      head: NO_HEAD,
      resting: { restAfterMs: 3_600_000, totalsOf: async () => [], onRest: () => undefined },
      commitIntervalMs: 0,
      append: async (batch) => {
        batches.push(batch);
        return { duplicates: 0 };
      },
      onFatal: () => undefined,
      ...overrides,
    },
    recovery,
  );
  pipeline.start();
  let delivered = 0;
  const send = (text: string, position?: Partial<Envelope['position']>): void => {
    delivered++;
    pipeline.accept({
      stream: 'test',
      subject: 'tw.metrics.test',
      payload: Buffer.from(text),
      contentType: '',
      receivedNanos: clock.now(),
      settle: (outcome) => settled.push(`${text}: ${outcome}`),
      ...(position === undefined
        ? {}
        : {
            position: { log: 'S/c', sequence: delivered, after: delivered - 1, ...position },
          }),
    });
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { clock, pipeline, batches, counts, settled, send, settle };
}

describe('exemplars in the pipeline', () => {
  const seconds = Number(T0 / 1_000_000_000n);
  const exemplar = (trace: string, over: object = {}) => ({
    ...{ seconds, nanos: 0, value: trace.length, labels: [['trace_id', trace]] as const },
    ...over,
  });

  it('are kept with the labels of their series; the rest is counted by reason', () => {
    const { pipeline, clock, counts } = setUp();
    const labels = Labels.from({ [METRIC_NAME]: 'm', venue: 'X' });
    const taken = pipeline.write('test', (sink) => {
      const ref = sink.series(labels, 'gauge');
      sink.number(ref, seconds, 0, 1);
      sink.exemplar(ref, exemplar('a'));
      sink.exemplar(ref, exemplar('a'));
      sink.exemplar(ref, exemplar('old', { seconds: seconds - 86_400 }));
      sink.exemplar(ref, exemplar('future', { seconds: seconds + 601 }));
      sink.exemplar(ref, exemplar('x'.repeat(121)));
      sink.exemplar(ref, exemplar('', { labels: [] }));
      for (let i = 0; i < 30; i++) sink.exemplar(ref, exemplar(`t${i}`, { value: -i }));
      // The sample that it belongs to was refused, too.
      sink.exemplar(-1, exemplar('refused'));
    });
    clock.advance(50);
    expect(taken).toMatchObject({ accepted: 1, rejected: 0, exemplars: 20, problems: [] });
    expect(counts).toMatchObject({
      'dropped exemplar_time': 1,
      'dropped exemplar_labels': 2,
      'dropped exemplar_rate': 12,
    });
    const [found] = pipeline.exemplars.select(() => true, { startMs: 0, endMs: seconds * 1_000 });
    expect([found?.labels, found?.exemplars.length, pipeline.exemplars.size]).toEqual([labels, 20, 20]);
    expect(found?.exemplars[0]?.labels).toEqual({ trace_id: 'old' });
    clock.advance(50);
    expect(counts['dropped exemplar_time']).toBe(1);
  });

  it('are not kept of a message that a full queue refuses, nor when they are switched off', () => {
    const put = (pipeline: Pipeline): unknown =>
      pipeline.write('test', (sink) => {
        const ref = sink.series(Labels.from({ [METRIC_NAME]: 'm' }), 'gauge');
        for (let i = 0; i < 5; i++) sink.number(ref, seconds, i, 1);
        sink.exemplar(ref, exemplar('a'));
      });
    const full = setUp({ append: () => new Promise(() => undefined) });
    put(full.pipeline);
    expect(put(full.pipeline)).toMatchObject({ rejected: 5, exemplars: 0 });
    const off = setUp({ maxExemplars: 0 });
    put(off.pipeline);
    off.clock.advance(50);
    expect([off.pipeline.exemplars.size, off.counts['dropped exemplar_off']]).toEqual([0, 1]);
  });
});

describe('Pipeline', () => {
  it('settles a message only when the commit that holds its sample is done', async () => {
    let commit = (): void => undefined;
    const append = () => new Promise<{ duplicates: number }>((resolve) => (commit = () => resolve({ duplicates: 0 })));
    const { clock, send, settled, settle } = setUp({ append });
    send('latency 0.1 0');
    clock.advance(50);
    await settle();
    expect(settled).toEqual([]);
    commit();
    await settle();
    expect(settled).toEqual(['latency 0.1 0: stored']);
  });

  it('leaves messages unacknowledged and ends when the store gives up', async () => {
    const errors: unknown[] = [];
    const { clock, send, settled, settle } = setUp({
      append: async () => Promise.reject(new Error('disk gone')),
      onFatal: (error) => errors.push(error),
    });
    send('latency 0.1 0', {});
    clock.advance(50);
    await settle();
    expect(settled).toEqual(['latency 0.1 0: failed']);
    expect(errors).toHaveLength(1);
  });

  it('keeps a bad message as a dead letter with its reason and counts it', async () => {
    const { clock, send, batches, counts, settle } = setUp();
    send('no good');
    clock.advance(50);
    await settle();
    expect(batches[0]?.events).toEqual([expect.objectContaining({ table: 'dead_letters', reason: 'syntax' })]);
    expect(counts).toMatchObject({ 'dropped syntax': 1, 'dead syntax': 1, received: 1 });
  });

  it('counts and keeps the beginning of what no codec can read', async () => {
    const { clock, pipeline, batches, counts, settle } = setUp();
    const message = { stream: 'test', subject: 'http:/write', contentType: 'text/plain', receivedNanos: clock.now() };
    const payload = new Uint8Array(5_000).fill(66);
    pipeline.refuse({ ...message, payload }, { reason: 'too_large', detail: 'a bomb', excerpt: payload });
    clock.advance(50);
    await settle();
    expect(counts).toMatchObject({ received: 1, 'dropped too_large': 1, 'dead too_large': 1 });
    expect(batches.flatMap(({ events }) => events)).toMatchObject([
      { table: 'dead_letters', reason: 'too_large', detail: 'a bomb', payload: payload.slice(0, 1_024) },
    ]);
  });

  it('takes a redelivered message in once and acknowledges it again', async () => {
    const { clock, send, batches, settled, counts, settle } = setUp();
    send('latency 0.1 0', { sequence: 9 });
    send('latency 0.1 0', { sequence: 9 });
    clock.advance(50);
    await settle();
    expect(batches[0]?.samples.values).toHaveLength(1);
    expect(batches[0]?.positions).toEqual([{ log: 'S/c@1', sequence: 9 }]);
    expect(settled).toHaveLength(2);
    expect(counts['duplicates']).toBe(1);
  });

  it('knows after a restart what was stored before it', async () => {
    const { clock, send, batches, settle } = setUp({}, { ...EMPTY, positions: [{ log: 'S/c@5', sequence: 9 }] });
    send('latency 1 0', { sequence: 8 });
    send('latency 2 0', { sequence: 10 });
    clock.advance(50);
    await settle();
    expect([...(batches[0]?.samples.values ?? [])]).toEqual([2]);
  });

  it('refuses new series past the limit, far stamps and a changed kind, each with its reason', async () => {
    const { clock, send, counts, settle } = setUp();
    for (const name of ['a', 'b', 'c', 'd']) {
      send(`${name} 1 0`);
      clock.advance(50);
      await settle();
    }
    send('a 1 -3700000');
    send('a 1 700000');
    clock.advance(50);
    await settle();
    expect(counts).toMatchObject({
      'dropped series_limit': 1,
      'dropped too_late': 1,
      'dropped future': 1,
      stored: 3,
    });
  });

  it('keeps an event however late it comes, once, and derives nothing from what is older than the lateness', async () => {
    const { clock, send, batches, counts, settle } = setUp({
      ...{ limits: { maxSeries: 100, maxNewPerSecond: 100 }, maxPendingRows: 100, maxBatchRows: 100 },
    });
    for (const text of ['fill a 0', 'fill old -86400000', 'fill old -86400000', 'fill future 700000']) send(text);
    clock.advance(50);
    await settle();
    const { events = [], eventBatches = [] } = batches[0] ?? {};
    expect([...eventBatches.flatMap(rowsOf), ...events]).toMatchObject([
      { table: 'fills', id: 'a' },
      { table: 'fills', id: 'old' },
      { table: 'dead_letters', reason: 'future' },
    ]);
    const names = batches[0]?.series.map(({ labels }) => labels.metricName);
    expect(names).toEqual(['fills_total', 'traded_notional_total']);
    expect([...(batches[0]?.samples.values ?? [])]).toEqual([1, 525]);
    expect(counts).toMatchObject({ late: 1, stored: 2, duplicates: 1, 'dead future': 1 });
  });

  it('names the label that makes too many series', async () => {
    const { clock, send, batches, settle } = setUp({ limits: { maxSeries: 2, maxNewPerSecond: 100 } });
    for (const name of ['a', 'b', 'c']) send(`${name} 1 0`);
    clock.advance(50);
    await settle();
    expect(batches[0]?.events).toMatchObject([
      { reason: 'series_limit', detail: expect.stringContaining('label __name__ has 2 values in the last 2 series') },
    ]);
  });

  it('takes a message once whose id comes again, at another position or without one, and settles the repeat', async () => {
    const { pipeline, clock, counts, settled } = setUp({ maxPendingRows: 100 });
    const deliver = (text: string, rest: Partial<Envelope>): void =>
      pipeline.accept({
        ...{ stream: 'test', subject: 'tw.metrics.test', payload: Buffer.from(text), contentType: '' },
        ...{ receivedNanos: clock.now(), settle: (outcome: string) => settled.push(`${text}: ${outcome}`), ...rest },
      });
    deliver('a 1 0', { messageId: 'one', position: { log: 'S/c', sequence: 1, after: 0 } });
    deliver('a 1 0', { messageId: 'one', position: { log: 'S/c', sequence: 2, after: 1 } });
    deliver('a 1 0', { messageId: 'one' });
    deliver('a 2 0', { messageId: 'two' });
    deliver('a 3 0', { messageId: '' });
    deliver('a 3 0', { messageId: '' });
    clock.advance(50);
    await pipeline.stop();
    expect(counts['stored']).toBe(4);
    expect(counts['duplicates']).toBe(2);
    expect(settled).toHaveLength(6);
  });

  it('counts what a full queue refuses', () => {
    const { send, counts } = setUp({ append: () => new Promise(() => undefined) });
    for (let i = 0; i < 6; i++) send('a 1 0');
    expect(counts['dropped queue_full']).toBe(2);
  });

  it('lets the watermark follow the newest stamp, and the clock when the stream is silent', async () => {
    const marks: number[] = [];
    const head = { ...NO_HEAD, seal: (_stream: string, watermark: number) => void marks.push(watermark) };
    const { clock, send } = setUp({ head });
    const start = Number(T0 / 1_000_000_000n);
    send('a 1 0');
    send('a 3 -5000');
    clock.advance(50);
    expect(marks.at(-1)).toBeCloseTo(start - 1, 5);
    send('a 3 600000');
    clock.advance(50);
    expect(marks.at(-1)).toBeCloseTo(start + 0.05 - 1, 5);
    clock.advance(2_950);
    expect(marks.at(-1)).toBeCloseTo(start + 1, 1);
  });

  it('counts a sample for a sealed second as late and takes it', async () => {
    const { clock, send, batches, counts, settle } = setUp({ head: { ...NO_HEAD, isLate: () => true } });
    send('a 1 0');
    send('a 2 -10000');
    clock.advance(50);
    await settle();
    expect(counts).toMatchObject({ late: 1, stored: 2 });
    expect([...(batches[0]?.samples.values ?? [])]).toEqual([1, 2]);
  });

  it('does not mix custom bounds with exponential buckets in one series', async () => {
    const { clock, send, batches, counts, settle } = setUp();
    for (const text of ['a custom 0', 'a 1 0', 'a exponential 0', 'a custom 0']) send(text);
    clock.advance(50);
    await settle();
    expect(batches[0]?.histograms).toHaveLength(2);
    expect(batches[0]?.samples.values).toHaveLength(0);
    expect(counts['dropped kind_conflict']).toBe(2);
  });

  it('tells what changed and from when, at once and again when it is durable', async () => {
    const told: [string, number][] = [];
    const head: PipelineHead = { ...NO_HEAD, seal: (_stream, _watermark, names) => void names.set('sealed', 7) };
    const { clock, pipeline, send, settle } = setUp({ head });
    const note = (name: string, oldestMs: number): void => void told.push([name, oldestMs]);
    pipeline.announceTo({ changed: note, stored: note });
    let announced: ReadonlySet<string> = new Set();
    pipeline.onAdvance((names) => (announced = names));
    pipeline.acceptSamples('test', [
      { kind: 'gauge', labels: Labels.from({ [METRIC_NAME]: 'g' }), timeNanos: nanos(T0), value: 1 },
    ]);
    send('a 1 0');
    clock.advance(50);
    expect([...announced]).toEqual(['g', 'sealed']);
    await settle();
    const change = ['g', Number(T0 / 1_000_000n)];
    expect(told).toEqual([change, ['sealed', 7_000], change, ['sealed', 7_000]]);
  });

  it('shows a row at once and commits it with those that follow', async () => {
    const seen: number[] = [];
    const { clock, send, batches, settled, settle } = setUp({
      commitIntervalMs: 250,
      head: { ...NO_HEAD, append: ({ samples }) => void seen.push(...samples.values) },
    });
    for (const value of [1, 2, 3]) {
      send(`a ${value} 0`);
      clock.advance(50);
    }
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    expect(settled).toEqual([]);
    clock.advance(250);
    await settle();
    expect(batches.map(({ samples }) => [...samples.values])).toEqual([[1, 2, 3]]);
    expect(settled).toHaveLength(3);
  });

  it('lets samples wait four times as long when nobody waits for their acknowledgement', async () => {
    const { clock, pipeline, batches, settle } = setUp({ commitIntervalMs: 250 });
    const labels = Labels.from({ [METRIC_NAME]: 'a' });
    const second = Number(T0 / 1_000_000_000n);
    pipeline.write('test', (sink) => sink.number(sink.series(labels, 'gauge'), second, 0, 1));
    clock.advance(50);
    clock.advance(900);
    await settle();
    expect(batches).toHaveLength(0);
    clock.advance(150);
    await settle();
    expect(batches.map(({ samples }) => [...samples.values])).toEqual([[1]]);
  });

  it('lets a batch become two and a half times as large when nobody waits for it, unless that would fill the queue', async () => {
    for (const { maxPendingRows, wants } of [
      { maxPendingRows: 100, wants: 25 },
      { maxPendingRows: 40, wants: 20 },
    ]) {
      const options = { maxBatchRows: 10, maxPendingRows, commitIntervalMs: 60_000 };
      const { pipeline, clock, batches, settle } = setUp(options);
      const send = (rest: object): void => {
        const payload = new TextEncoder().encode('latency 0.1 0');
        const of = { stream: 'test', subject: 's', contentType: '' };
        pipeline.accept({ ...of, payload, receivedNanos: clock.now(), ...rest });
      };
      for (let sent = 0; sent < wants; sent++) {
        expect(batches).toEqual([]);
        send({});
        await settle();
      }
      expect(batches.map(({ samples }) => samples.values.length)).toEqual([wants]);
      for (let sent = 0; sent < 10; sent++) send({ settle: () => undefined });
      await settle();
      expect(batches[1]?.samples.values).toHaveLength(10);
    }
  });

  it('does not let events wait so long, for which only the store answers', async () => {
    const { clock, pipeline, batches, settle } = setUp({ commitIntervalMs: 250 });
    const payload = Buffer.from('fill x 0');
    const subject = 'tw.fills.test';
    pipeline.accept({ stream: 'test', subject, payload, contentType: '', receivedNanos: clock.now() });
    clock.advance(50);
    clock.advance(250);
    await settle();
    expect(batches).toHaveLength(1);
  });

  it('commits at once what a request waits for', async () => {
    const { clock, pipeline, batches, settle } = setUp({ commitIntervalMs: 10_000 });
    let answered = false;
    const payload = Buffer.from('latency 0.1 0');
    const message = { stream: 'test', subject: 's', payload, contentType: '', receivedNanos: clock.now() };
    void pipeline.submit(message).then(() => (answered = true));
    clock.advance(50);
    await settle();
    expect(batches).toHaveLength(1);
    expect(answered).toBe(true);
  });

  it('commits together what requests wait for that come while a commit is under way, right after it', async () => {
    const batches: ColumnBatch[] = [];
    const endings: (() => void)[] = [];
    const append: PipelineOptions['append'] = (batch) => {
      batches.push(batch);
      return new Promise((resolve) => endings.push(() => resolve({ duplicates: 0 })));
    };
    const { clock, pipeline, settle } = setUp({ commitIntervalMs: 10_000, append });
    const answered: number[] = [];
    const submit = (number: number): void => {
      const payload = Buffer.from(`latency ${number} 0`);
      const message = { stream: 'test', subject: 's', payload, contentType: '', receivedNanos: clock.now() };
      void pipeline.submit(message).then(() => answered.push(number));
    };
    submit(1);
    clock.advance(50);
    submit(2);
    submit(3);
    clock.advance(50);
    clock.advance(50);
    await settle();
    expect(batches.map(({ samples }) => [...samples.values])).toEqual([[1]]);
    endings[0]?.();
    await settle();
    expect(batches.map(({ samples }) => [...samples.values])).toEqual([[1], [2, 3]]);
    expect(answered).toEqual([1]);
    endings[1]?.();
    await settle();
    expect(answered).toEqual([1, 2, 3]);
  });

  it('commits at once what a notification waits for', async () => {
    const { pipeline, batches, settle } = setUp({ commitIntervalMs: 10_000 });
    let stored = false;
    void pipeline.storeTransitions([{ rule: 'r' } as TransitionRow]).then(() => (stored = true));
    await settle();
    expect(batches[0]?.transitions).toHaveLength(1);
    expect(stored).toBe(true);
  });

  it('writes one batch at a time and everything before it stops', async () => {
    let running = 0;
    let most = 0;
    const { clock, pipeline, send, settled } = setUp({
      maxPendingRows: 100,
      append: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return { duplicates: 0 };
      },
    });
    for (let i = 0; i < 20; i++) {
      send(`a ${i} 0`);
      clock.advance(50);
    }
    await pipeline.stop();
    expect(most).toBe(1);
    expect(settled).toHaveLength(20);
  });
});
