/** Live points under a virtual clock: history and stream together hold every step exactly once. */
import { Labels, nanosFromMs, type Table } from '@tapewatch/core';
import type { Clock, QueryEnvelope, QueryService } from '../ports.ts';
import { LiveHub } from './live-hub.ts';
import { encodePoints } from './stream.ts';

const STEP_MS = 1_000;

/** Grafana's clock and timers, moved by hand. */
class VirtualClock implements Clock {
  ms = 1_000_000_400;
  readonly #callbacks = new Set<() => void>();

  now(): bigint {
    return BigInt(this.ms) * 1_000_000n;
  }

  every(_: number, callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  get timers(): number {
    return this.#callbacks.size;
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.ms += 100;
      for (const callback of this.#callbacks) callback();
      await settle();
    }
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Two series whose value is their stamp; `broken` makes evaluation fail for a while. */
class StampService implements QueryService {
  broken = false;
  evaluations = 0;

  resolve(query: unknown, envelope: QueryEnvelope) {
    const floor = (ms: number) => Math.floor(ms / STEP_MS) * STEP_MS;
    return {
      query,
      envelope: { ...envelope, startMs: floor(envelope.startMs), endMs: floor(envelope.endMs), intervalMs: STEP_MS },
    };
  }

  run(_: unknown, { startMs, endMs, intervalMs }: QueryEnvelope): Promise<Table[]> {
    this.evaluations++;
    if (this.broken) return Promise.reject(new Error('store away'));
    const times = Array.from({ length: (endMs - startMs) / intervalMs + 1 }, (__, i) => startMs + i * intervalMs);
    return Promise.resolve(
      ['a', 'b'].map((venue) => ({
        name: venue,
        kind: 'timeseries-multi' as const,
        version: [0, 1] as const,
        fields: [
          { name: 'Time', type: 'time' as const, values: times.map(nanosFromMs) },
          { name: 'Value', type: 'number' as const, values: times, labels: Labels.from({ venue }) },
        ],
        notices: [],
        executedQuery: '',
      })),
    );
  }
}

function setUp(channelsMax = 10) {
  const clock = new VirtualClock();
  const queryService = new StampService();
  const errors: unknown[] = [];
  const hub = new LiveHub({ queryService, clock, channelsMax, onError: (error) => errors.push(error) });
  return { clock, queryService, hub, errors };
}

const QUERY = { queryType: 'promql', expr: 'x', streaming: true };
const rangeAt = ({ ms }: VirtualClock): QueryEnvelope => {
  return { startMs: ms - 30_000, endMs: ms, intervalMs: STEP_MS, maxDataPoints: 100, fromAlert: false };
};

/** A viewer: what its chart shows after history and live points. */
class Viewer {
  readonly shown: number[] = [];
  path = '';

  constructor(readonly world: ReturnType<typeof setUp>) {}

  async load(): Promise<void> {
    const { hub, clock } = this.world;
    const [first] = await hub.history('1/uid', QUERY, rangeAt(clock), new AbortController().signal);
    const values = first?.table.fields[1]?.values ?? [];
    this.shown.push(...Array.from(values, Number));
    this.path = first?.path ?? '';
  }

  run(also: readonly Viewer[] = []): (() => void) | undefined {
    expect(this.world.hub.subscribe(this.path)).toBe(true);
    return this.world.hub.run(this.path, ({ timesMs }) => {
      for (const viewer of [this, ...also]) viewer.shown.push(...timesMs);
    });
  }

  expectSeamless(): void {
    const [first = 0] = this.shown;
    expect(this.shown).toEqual(this.shown.map((_, i) => first + i * STEP_MS));
  }
}

describe('LiveHub', () => {
  it('continues history without a gap and without a duplicate', async () => {
    const world = setUp();
    const viewer = new Viewer(world);
    await viewer.load();
    const before = viewer.shown.length;
    // Grafana takes a while between the answer and the stream.
    await world.clock.advance(2_700);
    viewer.run();
    await world.clock.advance(10_000);
    viewer.expectSeamless();
    expect(viewer.shown.length - before).toBe(13);
  });

  it('gives a second viewer history up to the last push, and holds pushes until it has subscribed', async () => {
    const world = setUp();
    const first = new Viewer(world);
    await first.load();
    const listeners: Viewer[] = [];
    first.run(listeners);
    await world.clock.advance(3_000);
    const second = new Viewer(world);
    await second.load();
    expect(second.shown.at(-1)).toBe(first.shown.at(-1));
    await world.clock.advance(300);
    // Subscribing to a running channel: Grafana asks only for permission.
    expect(world.hub.subscribe(second.path)).toBe(true);
    listeners.push(second);
    await world.clock.advance(5_000);
    first.expectSeamless();
    second.expectSeamless();
    expect(second.shown.at(-1)).toBe(first.shown.at(-1));
  });

  it('makes up for steps that could not be evaluated', async () => {
    const world = setUp();
    const viewer = new Viewer(world);
    await viewer.load();
    viewer.run();
    await world.clock.advance(2_000);
    world.queryService.broken = true;
    await world.clock.advance(3_000);
    world.queryService.broken = false;
    await world.clock.advance(3_000);
    viewer.expectSeamless();
    expect(world.errors.length).toBeGreaterThan(0);
  });

  it('resumes a stream that broke off where it stopped', async () => {
    const world = setUp();
    const viewer = new Viewer(world);
    await viewer.load();
    const stop = viewer.run();
    await world.clock.advance(2_500);
    stop?.();
    await world.clock.advance(2_000);
    viewer.run();
    await world.clock.advance(2_000);
    viewer.expectSeamless();
  });

  it('evaluates once per step for all series, and stops with the last stream', async () => {
    const world = setUp();
    const { hub, clock, queryService } = world;
    const history = await hub.history('1/uid', QUERY, rangeAt(clock), new AbortController().signal);
    const stops = history.map(({ path }) => hub.run(path ?? '', () => undefined));
    expect(stops).toHaveLength(2);
    await clock.advance(1_000);
    const before = queryService.evaluations;
    await clock.advance(10_000);
    expect(queryService.evaluations - before).toBe(10);
    for (const stop of stops) stop?.();
    expect(clock.timers).toBe(0);
  });

  it('streams only charts that end at about now', () => {
    const { hub, clock } = setUp();
    const now = rangeAt(clock);
    expect(hub.accepts(QUERY, now)).toBe(true);
    expect(hub.accepts({ ...QUERY, streaming: false }, now)).toBe(false);
    expect(hub.accepts({ ...QUERY, instant: true }, now)).toBe(false);
    expect(hub.accepts({ ...QUERY, format: 'heatmap' }, now)).toBe(false);
    expect(hub.accepts(QUERY, { ...now, endMs: now.endMs - 60_000 })).toBe(false);
  });

  it('keeps tenants apart and forgets the longest unused query past its bound', async () => {
    const { hub, clock } = setUp(2);
    const signal = new AbortController().signal;
    const pathOf = async (tenant: string) => (await hub.history(tenant, QUERY, rangeAt(clock), signal))[0]?.path ?? '';
    const first = await pathOf('1/a');
    clock.ms += 1;
    const second = await pathOf('2/a');
    expect(second).not.toBe(first);
    clock.ms += 1;
    await pathOf('3/a');
    expect(hub.subscribe(first)).toBe(false);
    expect(hub.subscribe(second)).toBe(true);
    expect(`ds/tapewatch/${second}`).toMatch(/^[A-Za-z0-9_\-/=.]{1,160}$/);
  });
});

it('packets say what JSON cannot', () => {
  const packet: unknown = JSON.parse(
    Buffer.from(encodePoints({ timesMs: [1, 2, 3, 4], values: [NaN, Infinity, -Infinity, null] })).toString(),
  );
  expect(packet).toEqual({
    data: {
      values: [
        [1, 2, 3, 4],
        [null, null, null, null],
      ],
      entities: [null, { NaN: [0], Inf: [1], NegInf: [2] }],
    },
  });
});
