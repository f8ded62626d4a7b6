import { Labels, METRIC_NAME, nanos, type OrderEvent } from '@tapewatch/core';
import { DERIVED_METRICS } from '@tapewatch/contract';
import type { Batch, Clock, Codec, Envelope, Logger, Recovery, Telemetry, TransitionRow } from '../ports.ts';
import { Deriver } from './derive.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

const T0 = 1_700_000_000_000_000_000n;
const EMPTY: Recovery = { series: [], positions: [], sealed: [], openAlerts: [] };

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

/** Payload: `name value offsetMs`, or anything else for a problem. */
const codec: Codec = {
  name: 'test',
  decode(payload, { receivedNanos }) {
    const text = Buffer.from(payload).toString();
    const match = /^(\w+) (\S+) (-?\d+)$/.exec(text);
    if (match === null) {
      return { samples: [], events: [], problems: [{ reason: 'syntax', detail: text, excerpt: payload }] };
    }
    const [, name = '', value, offset = '0'] = match;
    const labels = Labels.from({ [METRIC_NAME]: name });
    const timeNanos = nanos(receivedNanos + BigInt(offset) * 1_000_000n);
    return { samples: [{ kind: 'observation', labels, timeNanos, value: Number(value) }], events: [], problems: [] };
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
  const batches: Batch[] = [];
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
            scale: 7,
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
      head: { append: () => undefined },
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
            position: { log: 'S/c', sequence: delivered, deliverySequence: delivered, redelivered: false, ...position },
          }),
    });
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { clock, pipeline, batches, counts, settled, send, settle };
}

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

  it('takes a redelivered message in once and acknowledges it again', async () => {
    const { clock, send, batches, settled, counts, settle } = setUp();
    send('latency 0.1 0', { sequence: 9 });
    send('latency 0.1 0', { sequence: 9, redelivered: true });
    clock.advance(50);
    await settle();
    expect(batches[0]?.samples.values).toHaveLength(1);
    expect(batches[0]?.positions).toEqual([{ log: 'S/c@9', sequence: 9 }]);
    expect(settled).toHaveLength(2);
    expect(counts['duplicates']).toBe(1);
  });

  it('knows after a restart what was stored before it', async () => {
    const { clock, send, batches, settle } = setUp({}, { ...EMPTY, positions: [{ log: 'S/c@5', sequence: 9 }] });
    send('latency 1 0', { sequence: 8, redelivered: true });
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

  it('counts what a full queue refuses', () => {
    const { send, counts } = setUp({ append: () => new Promise(() => undefined) });
    for (let i = 0; i < 6; i++) send('a 1 0');
    expect(counts['dropped queue_full']).toBe(2);
  });

  it('seals windows behind the newest stamp, and behind the clock when the stream is silent', async () => {
    const { clock, send, batches, settle } = setUp();
    send('a 1 0');
    send('a 3 1000');
    clock.advance(50);
    await settle();
    expect(batches[0]?.windows).toEqual([]);
    clock.advance(2_950);
    await settle();
    expect(batches.at(-1)?.windows.map(({ levelMs, count, sum }) => [levelMs, count, sum])).toEqual([[1_000, 1, 1]]);
    clock.advance(20_000);
    await settle();
    expect(batches.at(-1)?.windows.map(({ levelMs, count }) => [levelMs, count])).toEqual([
      [1_000, 1],
      [10_000, 2],
    ]);
    expect(batches.at(-1)?.sealed).toHaveLength(1);
  });

  it('shows a row at once and commits it with those that follow', async () => {
    const seen: number[] = [];
    const { clock, send, batches, settled, settle } = setUp({
      commitIntervalMs: 250,
      head: { append: ({ samples }) => void seen.push(...samples.values) },
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

describe('Deriver', () => {
  const order: OrderEvent = {
    table: 'orders',
    id: '1',
    timeNanos: nanos(T0 + 2_000_000n),
    orderId: 'o1',
    event: 'reject',
    sentNanos: nanos(T0),
    venue: 'XNAS',
    symbol: 'AAPL',
    strategy: 'mm',
    account: '',
    side: 'buy',
    orderType: 'limit',
    quantity: 1,
    price: 1,
    filledQuantity: 0,
    arrivalMid: null,
    reason: 'price band',
  };

  it('yields exactly the metrics and labels that the contract lists', () => {
    const deriver = new Deriver();
    const health = { component: 'gw', instance: '1', status: 'DEGRADED', message: '' } as const;
    const fill = { venue: 'V', symbol: 'S', strategy: 'x', side: 'sell', currency: 'USD', feeCurrency: 'USD' } as const;
    const quote = { venue: 'V', symbol: 'S', bid: 99, ask: 101, bidSize: 1, askSize: 1, sequence: 7n } as const;
    const timeNanos = nanos(T0);
    const samples = [
      ...deriver.derive(order, T0),
      ...deriver.derive({ ...order, event: 'fill' }, T0),
      ...deriver.derive({ ...order, event: 'cancel_ack' }, T0),
      ...deriver.derive(
        {
          table: 'fills',
          id: '1',
          orderId: 'o',
          account: '',
          quantity: 2,
          price: 50,
          fee: 1,
          liquidity: '',
          timeNanos,
          ...fill,
        },
        T0,
      ),
      ...deriver.derive({ table: 'quotes', timeNanos, exchangeNanos: nanos(T0 - 5_000_000n), ...quote }, T0),
      ...deriver.derive({ table: 'health_results', timeNanos, ...health }, T0),
    ];
    const shapes = new Map(samples.map(({ labels, kind, unit }) => [labels.metricName, { labels, kind, unit }]));
    for (const { name, kind, unit, labels } of DERIVED_METRICS) {
      const shape = shapes.get(name);
      expect({ name, kind: shape?.kind, unit: shape?.unit }).toEqual({ name, kind, unit });
      expect([METRIC_NAME, ...labels]).toEqual(
        expect.arrayContaining(shape?.labels.pairs.map(([label]) => label) ?? []),
      );
    }
    const value = (name: string): number => samples.find(({ labels }) => labels.metricName === name)?.value ?? NaN;
    expect(value('order_ack_seconds')).toBeCloseTo(0.002, 12);
    expect(value('traded_notional_total')).toBe(100);
    expect(value('quote_spread_bps')).toBe(200);
    expect(value('component_health')).toBe(1);
  });

  it('continues counters after a restart', () => {
    const deriver = new Deriver();
    const [first] = deriver.derive(order, T0);
    const next = new Deriver();
    next.seed(first?.labels as Labels, { total: 41, timeNanos: T0 });
    expect(next.derive(order, T0)[0]?.value).toBe(42);
  });

  it('lets neither a counter nor its stamps go back, nor its stamps run ahead of receipt', () => {
    const deriver = new Deriver();
    const second = 1_000_000_000n;
    const received = T0 + 10n * second;
    const at = (offset: bigint) =>
      deriver.derive({ ...order, timeNanos: nanos(T0 + offset * second) }, received)[0] as { timeNanos: bigint };
    expect([3n, 1n, 5n, 600n, 4n].map((offset) => at(offset))).toMatchObject(
      [3n, 3n, 5n, 10n, 10n].map((offset, i) => ({ timeNanos: T0 + offset * second, value: i + 1 })),
    );
  });
});
