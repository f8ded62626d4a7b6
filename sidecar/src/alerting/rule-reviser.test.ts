/** What late samples revise of rules: the past only, within bounds, and nobody is notified. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Labels, METRIC_NAME, msFromNanos, type EvaluationRange, type QueryResult, type Sample } from '@tapewatch/core';
import type { LateSpan, PromqlEngine, TransitionRow } from '../ports.ts';
import { alertingOptions } from './alerting-options.ts';
import { loadRuleFiles } from './rule-file.ts';
import { RuleReviser } from './rule-reviser.ts';
import { RuleRuntime } from './rule-runtime.ts';
import { RecordingLog, VirtualClock } from './testing/virtual-world.ts';

const RULES = `
groups:
  - name: desk
    rules:
      - { alert: Slow, expr: latency > 1 }
      - { record: 'desk:latency:max', expr: max(latency) }
      - { record: 'desk:self', expr: 'latency + desk:self' }
`;

/** Answers with what the latency is known to have been at a time. */
class TimedEngine implements PromqlEngine {
  readonly asked: [string, number][] = [];
  latencyAt: (ms: number) => number = () => 0;

  async query(expr: string, { endMs }: EvaluationRange): Promise<QueryResult> {
    this.asked.push([expr, endMs]);
    const value = this.latencyAt(endMs);
    const isTold = expr.startsWith('max') || value > 1;
    const samples = isTold ? [{ labels: Labels.from({ venue: 'XNAS' }), timeMs: endMs, value }] : [];
    return { type: 'vector', samples, warnings: [], infos: [] };
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly engine = new TimedEngine();
  readonly log = new RecordingLog();
  readonly history: TransitionRow[] = [];
  readonly stored: TransitionRow[] = [];
  readonly recorded: Sample[] = [];
  readonly counts: Record<string, number> = {};
  rules: RuleRuntime[] = [];
  #listener: (spans: readonly LateSpan[]) => void = () => undefined;
  #reviser: RuleReviser | undefined;

  async start(over: object = {}): Promise<void> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tapewatch-revise-'));
    await writeFile(path.join(folder, 'rules.yaml'), RULES);
    const groups = await loadRuleFiles([path.join(folder, 'rules.yaml')], 30_000);
    await rm(folder, { recursive: true });
    const options = alertingOptions.parse({ revision: over });
    const { keptEvaluations } = options.revision;
    this.rules = groups.flatMap((group) => group.rules.map((rule) => new RuleRuntime(rule, group, keptEvaluations)));
    this.#reviser = new RuleReviser(
      {
        ...{ clock: this.clock, engine: this.engine, log: this.log },
        reader: { select: async () => [], transitions: async () => this.history },
        late: { onLate: (listener) => ((this.#listener = listener), () => (this.#listener = () => undefined)) },
        rules: () => this.rules,
        telemetry: {
          revised: (what, items) => void (this.counts[what] = (this.counts[what] ?? 0) + items),
          level: () => undefined,
        },
        storeTransitions: async (rows) => void this.stored.push(...rows),
        recordSamples: (samples) => void this.recorded.push(...samples),
      },
      options,
    );
  }

  /** Every rule is evaluated once a second. */
  async evaluate(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      for (const rule of this.rules) rule.stamps.add(this.clock.now());
      await this.clock.advance(1_000);
    }
  }

  get nowMs(): number {
    return msFromNanos(this.clock.now());
  }

  late(name: string, fromMs: number, toMs: number): void {
    this.#listener([{ name, oldestMs: fromMs, newestMs: toMs, windowsMs: [] }]);
  }

  async close(): Promise<void> {
    await this.#reviser?.close();
  }
}

let world: World;

beforeEach(() => void (world = new World()));
afterEach(() => world.close());

it('judges the affected evaluations anew: samples that differ are written, alerts that would have been are marked', async () => {
  await world.start();
  const startMs = world.nowMs;
  await world.evaluate(60);
  world.engine.latencyAt = (ms) => (ms >= startMs + 20_000 && ms < startMs + 30_000 ? 5 : 0);
  world.late('latency', startMs + 20_000, startMs + 29_000);
  await world.clock.advance(10_000);
  expect(
    world.stored.map(({ timeNanos, from, to, revised }) => [msFromNanos(timeNanos) - startMs, from, to, revised]),
  ).toEqual([
    [20_000, 'inactive', 'firing', true],
    [30_000, 'firing', 'inactive', true],
  ]);
  expect(world.stored[0]?.reason).toBe('revised by samples that came late: the condition held');
  // From the first late sample on, one each second.
  expect(
    world.recorded.slice(0, 11).map(({ timeNanos, ...sample }) => [msFromNanos(timeNanos) - startMs, sample]),
  ).toEqual(
    Array.from({ length: 11 }, (_, i) => [
      20_000 + i * 1_000,
      {
        kind: 'gauge',
        labels: Labels.from({ [METRIC_NAME]: 'desk:latency:max', venue: 'XNAS' }),
        value: i < 10 ? 5 : 0,
      },
    ]),
  );
  // A rule that reads its own samples would never come to an end.
  expect(world.engine.asked.some(([expr]) => expr.includes('self'))).toBe(false);
  expect(world.counts).toEqual({ evaluation: 80, sample: 40, transition: 2 });
});

it('leaves alone what reads other metrics, and what no evaluation has read', async () => {
  await world.start();
  const startMs = world.nowMs;
  await world.evaluate(5);
  world.late('price', startMs, startMs + 1_000);
  // All evaluations are older than what their reach would have to be.
  world.late('latency', startMs - 900_000, startMs - 800_000);
  await world.clock.advance(10_000);
  expect([world.engine.asked, world.recorded, world.stored]).toEqual([[], [], []]);
});

it('keeps within its bounds: evaluations a second, age, and evaluations that are known', async () => {
  await world.start({ evaluationsPerSecond: 10, delayMs: 0, maxAgeMs: 30_000, keptEvaluations: 20 });
  const startMs = world.nowMs;
  await world.evaluate(60);
  world.late('latency', startMs, startMs + 60_000);
  for (const expected of [10, 20, 30]) {
    await world.clock.advance(1_000);
    expect(world.engine.asked).toHaveLength(expected);
  }
  await world.clock.advance(60_000);
  expect(world.engine.asked).toHaveLength(40);
  expect(Math.min(...world.engine.asked.map(([, ms]) => ms))).toBe(startMs + 40_000);
});

it('is off without an age, and gives up a revision that fails without losing the next', async () => {
  await world.start({ delayMs: 0 });
  const startMs = world.nowMs;
  await world.evaluate(5);
  world.engine.latencyAt = () => {
    throw new Error('no');
  };
  world.late('latency', startMs, startMs);
  await world.clock.advance(2_000);
  expect(world.counts).toEqual({ failed: 2 });
  world.engine.latencyAt = () => 0;
  world.late('latency', startMs, startMs);
  await world.clock.advance(2_000);
  expect(world.counts).toEqual({ failed: 2, evaluation: 10, sample: 5 });
  await world.close();
  const off = new World();
  await off.start({ maxAgeMs: 0 });
  await off.evaluate(3);
  off.late('latency', off.nowMs - 3_000, off.nowMs);
  await off.clock.advance(5_000);
  expect(off.engine.asked).toEqual([]);
});
