/** The law of the cache: whatever is written and asked in whatever order, a cached engine answers as a fresh one does. */
import { compileMatchers, ExponentialHistogram, Labels, type SelectRequest, type SeriesData } from '@tapewatch/core';
import fc from 'fast-check';
import type { StoreReader } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { ChangeLog } from './change-log.ts';
import { createPromqlEngine } from './promql-engine.ts';

const SECOND = 1_000;
const T0 = 1_000_000 * SECOND;

interface Sample {
  readonly name: string;
  readonly instance: number;
  readonly timeMs: number;
  readonly value: number;
}

/** Memory shows everything at once, but knows only what is newer than a stamp; the disk shows it after a commit. */
class TwoTierReader {
  readonly changes = new ChangeLog();
  readonly #memory = new Tier();
  readonly #disk = new Tier();
  #pending: Sample[] = [];
  #memorySinceMs = -Infinity;

  write(sample: Sample): void {
    this.#memory.write(sample);
    this.#pending.push(sample);
    this.changes.changed(sample.name, sample.timeMs);
  }

  commit(): void {
    for (const sample of this.#pending) {
      this.#disk.write(sample);
      this.changes.stored(sample.name, sample.timeMs);
    }
    this.#pending = [];
  }

  /** Memory keeps what is newer than the stamp; what it gives up is on disk by then. */
  forgetBefore(ms: number): void {
    this.commit();
    this.#memorySinceMs = Math.max(this.#memorySinceMs, ms);
  }

  get isWholeInMemory(): boolean {
    return this.#memorySinceMs === -Infinity;
  }

  isInMemory({ startMs }: Pick<SelectRequest, 'startMs'>): boolean {
    return startMs >= this.#memorySinceMs;
  }

  async select(request: SelectRequest): Promise<SeriesData[]> {
    return (this.isInMemory(request) ? this.#memory : this.#disk).select(request);
  }
}

/** Gauges, counters and distributions that take samples in any order. */
class Tier {
  readonly #values = new Map<string, Map<number, number>>();
  readonly #observations = new Map<string, Map<number, number>>();

  write({ name, instance, timeMs, value }: Sample): void {
    const target = name.endsWith('seconds') ? this.#observations : this.#values;
    const key = Labels.from({ __name__: name, instance: String(instance) }).key;
    const series = target.get(key) ?? new Map<number, number>();
    target.set(key, series.set(timeMs, value));
  }

  select({ matchers, startMs, endMs }: SelectRequest): SeriesData[] {
    const matches = compileMatchers(matchers, compileRegex);
    const within = (timesMs: number[]): number[] => timesMs.filter((timeMs) => timeMs >= startMs && timeMs <= endMs);
    const found: SeriesData[] = [];
    for (const [key, samples] of this.#values) {
      const labels = labelsOf(key);
      const timesMs = within(ascending(samples));
      const values = timesMs.map((timeMs) => samples.get(timeMs) as number);
      if (timesMs.length > 0 && matches(labels)) found.push({ labels, timesMs, values, levelsMs: [0] });
    }
    for (const [key, observations] of this.#observations) {
      const labels = labelsOf(key);
      const running = new ExponentialHistogram();
      const points = ascending(observations).map((timeMs) => {
        running.observe(observations.get(timeMs) as number);
        return { timeMs, histogram: running.clone() };
      });
      const kept = points.filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs);
      if (kept.length === 0 || !matches(labels)) continue;
      const timesMs = kept.map(({ timeMs }) => timeMs);
      const histograms = kept.map(({ histogram }) => histogram);
      found.push({ labels, timesMs, values: timesMs.map(() => NaN), histograms, levelsMs: [1_000] });
    }
    return found;
  }
}

function labelsOf(key: string): Labels {
  return Labels.from(JSON.parse(key) as [string, string][]);
}

function ascending(map: ReadonlyMap<number, number>): number[] {
  return [...map.keys()].sort((a, b) => a - b);
}

const EXPRESSIONS = [
  'fills_total',
  'sum by (instance) (rate(fills_total[20s]))',
  'topk(1, mid) + on() group_right() sum(fills_total offset 7s)',
  'max_over_time(rate(fills_total[10s])[30s:3s])',
  'histogram_quantile(0.9, sum(rate(ack_seconds[15s])))',
  'histogram_count(ack_seconds)',
  'mid offset -4s',
  'mid - mid @ 1000020',
  'mid @ end()',
  'absent(mid{instance="2"})',
  'count({__name__=~"mid|fills_total"})',
  'deriv(mid[25s]) or label_replace(mid, "x", "$1", "instance", "(.*)")',
  'last_over_time(mid[range()])',
  'time() - timestamp(mid)',
];

const write = fc.record({
  kind: fc.constant('write' as const),
  name: fc.constantFrom('fills_total', 'mid', 'ack_seconds'),
  instance: fc.integer({ min: 1, max: 2 }),
  // Mostly at the front, which moves on; sometimes late.
  ageSeconds: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) }, fc.integer({ min: 0, max: 90 })),
  value: fc.integer({ min: 1, max: 50 }),
});
const advance = fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 12 }) });
const commit = fc.record({ kind: fc.constant('commit' as const) });
const forget = fc.record({ kind: fc.constant('forget' as const), keptSeconds: fc.integer({ min: 0, max: 120 }) });
const ask = fc.record({
  kind: fc.constant('ask' as const),
  expr: fc.integer({ min: 0, max: EXPRESSIONS.length - 1 }),
  spanSeconds: fc.constantFrom(0, 30, 60),
  stepSeconds: fc.constantFrom(1, 5, 7, 30),
  stepsBack: fc.constantFrom(0, 0, 0, 1, 6),
  phaseSeconds: fc.constantFrom(0, 0, 0, 1),
});

const commands = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: write },
    { weight: 2, arbitrary: advance },
    { weight: 2, arbitrary: commit },
    { weight: 1, arbitrary: forget },
    { weight: 6, arbitrary: ask },
  ),
  { minLength: 20, maxLength: 120 },
);

async function outcome(work: Promise<object>): Promise<unknown> {
  try {
    const answer = await work;
    return JSON.parse(
      JSON.stringify({ ...answer, stats: undefined, warnings: 0, infos: 0 }, (_, value: unknown) =>
        value instanceof ExponentialHistogram ? value.encode() : Number.isNaN(value) ? 'NaN' : value,
      ),
    );
  } catch (error) {
    return String(error);
  }
}

async function compare(steps: typeof commands extends fc.Arbitrary<infer T> ? T : never): Promise<string[]> {
  const store = new TwoTierReader();
  const reader = store as unknown as StoreReader;
  const seen: string[] = [];
  const telemetry = { level: () => undefined, queryCached: (how: string) => void seen.push(how) };
  const cached = createPromqlEngine(reader, { changes: store.changes, telemetry });
  const fresh = createPromqlEngine(reader);
  let now = T0;
  for (const step of steps) {
    if (step.kind === 'advance') now += step.seconds * SECOND;
    else if (step.kind === 'write') store.write({ ...step, timeMs: now - step.ageSeconds * SECOND });
    else if (step.kind === 'commit') store.commit();
    else if (step.kind === 'forget') store.forgetBefore(now - step.keptSeconds * SECOND);
    else {
      const stepMs = step.stepSeconds * SECOND;
      // Some ask for the step before the newest one.
      const endMs = (Math.floor(now / stepMs) - step.stepsBack) * stepMs + step.phaseSeconds * SECOND;
      const instant = step.spanSeconds === 0;
      const range = { startMs: endMs - (instant ? 0 : step.spanSeconds * SECOND), endMs, stepMs: instant ? 0 : stepMs };
      const expr = EXPRESSIONS[step.expr] as string;
      if (!store.isWholeInMemory) {
        // What begins on disk does not show yet what memory does: asked now for the cache's sake, compared after a commit.
        await outcome(cached.query(expr, range));
        store.commit();
      }
      const [kept, anew] = [await outcome(cached.query(expr, range)), await outcome(fresh.query(expr, range))];
      expect({ expr, range, answer: kept }).toEqual({ expr, range, answer: anew });
    }
  }
  return seen;
}

it('answers as a fresh evaluation does, under writes in any order', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      for (const how of await compare(steps)) seen.add(how);
    }),
    { numRuns: 150 },
  );
  // The law would hold for a cache that keeps nothing; this one was used in every way.
  expect([...seen].sort()).toEqual(['extended', 'hit', 'miss']);
});
