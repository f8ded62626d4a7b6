import { compileMatchers, ExponentialHistogram, Labels, type SelectRequest, type SeriesData } from '@tapewatch/core';
import type { TapewatchError } from '../errors.ts';
import type { StoreReader } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { ChangeLog } from './change-log.ts';
import { createPromqlEngine, type PromqlEngineOptions } from './promql-engine.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function counter(labels: Record<string, string>, perMinute: number): SeriesData {
  const timesMs = Array.from({ length: 61 }, (_, i) => i * MINUTE);
  return { labels: Labels.from(labels), timesMs, values: timesMs.map((_, i) => i * perMinute) };
}

const DATA: readonly SeriesData[] = [
  counter({ __name__: 'fills_total', venue: 'XNAS' }, 60),
  counter({ __name__: 'fills_total', venue: 'BATS' }, 120),
];

class MemoryReader {
  readonly requests: SelectRequest[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  gate: Promise<void> = Promise.resolve();
  running = 0;
  peak = 0;
  readonly #data: readonly SeriesData[];

  constructor(data: readonly SeriesData[] = DATA) {
    this.#data = data;
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    this.requests.push(request);
    this.signals.push(signal);
    this.peak = Math.max(this.peak, ++this.running);
    await this.gate;
    this.running--;
    const matches = compileMatchers(request.matchers, compileRegex);
    return this.#data.filter(({ labels }) => matches(labels));
  }
}

function engineOver(reader: MemoryReader, options: PromqlEngineOptions = {}) {
  return createPromqlEngine(reader as unknown as StoreReader, options);
}

const instant = (ms: number) => ({ startMs: ms, endMs: ms, stepMs: 0 });

async function failure(work: Promise<unknown>): Promise<TapewatchError> {
  return work.then(
    () => Promise.reject(new Error('expected a failure')),
    (error: unknown) => error as TapewatchError,
  );
}

describe('the PromQL engine over a store', () => {
  it('answers an instant and a range query from what it selects', async () => {
    const reader = new MemoryReader();
    const engine = engineOver(reader);
    const answer = await engine.query('sum(rate(fills_total[5m]))', instant(HOUR));
    expect(answer).toMatchObject({ type: 'vector', samples: [{ value: 3 }], warnings: [], infos: [] });
    expect(reader.requests).toEqual([
      {
        matchers: [{ name: '__name__', operator: '=', value: 'fills_total' }],
        startMs: HOUR - 5 * MINUTE + 1,
        endMs: HOUR,
        resolutionMs: 10_000,
        edgesOf: { firstMs: HOUR, stepMs: 0, steps: 1, rangeMs: 5 * MINUTE },
      },
    ]);
    const range = { startMs: 30 * MINUTE, endMs: HOUR, stepMs: 10 * MINUTE };
    const matrix = await engine.query('fills_total{venue=~"X.*"}', range);
    expect(matrix).toMatchObject({
      type: 'matrix',
      series: [{ points: [1800, 2400, 3000, 3600].map((value) => ({ value })) }],
    });
  });

  it('reads all selectors of a query at once', async () => {
    const reader = new MemoryReader();
    await engineOver(reader).query('fills_total + fills_total offset 5m + fills_total offset 10m', instant(HOUR));
    expect(reader.peak).toBe(3);
  });

  it('answers a quantile of native histograms within the printed bound', async () => {
    const histogram = new ExponentialHistogram();
    for (let i = 1; i <= 1000; i++) histogram.observe(i / 1000);
    const empty = new ExponentialHistogram();
    const series: SeriesData = {
      labels: Labels.from({ __name__: 'order_ack_seconds' }),
      timesMs: [0, 10_000],
      values: [NaN, NaN],
      histograms: [empty, histogram],
    };
    const engine = engineOver(new MemoryReader([series]));
    const answer = await engine.query('histogram_quantile(0.99, sum(rate(order_ack_seconds[1m])))', instant(10_000));
    const value = answer.type === 'vector' ? (answer.samples[0]?.value ?? NaN) : NaN;
    expect(Math.abs(value / 0.99 - 1)).toBeLessThanOrEqual(histogram.relativeErrorBound);
  });

  it('names the rollup that answered as an info, and stays silent about raw samples and seconds', async () => {
    const infosOf = async (expr: string, levelsMs: readonly number[]): Promise<readonly string[]> => {
      const reader = new MemoryReader(DATA.map((series) => ({ ...series, levelsMs })));
      const result = await engineOver(reader).query(expr, instant(HOUR));
      return (result as { infos: readonly string[] }).infos;
    };
    expect(await infosOf('fills_total', [0, 1_000])).toEqual([]);
    const shorten = 'read from the 10s and 1h rollup; shorten the time range or the step for finer data';
    expect(await infosOf('fills_total', [10_000, 3_600_000])).toEqual([shorten]);
    expect(await infosOf('rate(fills_total[30m])', [10_000, 3_600_000])).toEqual([shorten]);
    expect(await infosOf('quantile_over_time(0.9, fills_total[30m])', [10_000])).toEqual([
      expect.stringMatching(/^read from the 10s rollup; raw samples are gone, so functions that need every one/),
    ]);
  });

  it('says nothing about windows that tell all that was asked, and what they mean where they do not', async () => {
    const infosOf = async (expr: string, windows: SeriesData['windows']): Promise<readonly string[]> => {
      const told = windows === undefined ? {} : { windows };
      const reader = new MemoryReader(DATA.map((series) => ({ ...series, levelsMs: [10_000], ...told })));
      return ((await engineOver(reader).query(expr, instant(HOUR))) as { infos: readonly string[] }).infos;
    };
    const maxs = DATA[0]?.values ?? [];
    const largest = 'max_over_time(fills_total[30m])';
    expect(await infosOf(largest, { maxs })).toEqual([]);
    expect(await infosOf('present_over_time(fills_total[30m])', undefined)).toEqual([]);
    expect(await infosOf(largest, undefined)).toEqual([expect.stringMatching(/functions that need every one/)]);
    expect(await infosOf('max_over_time(fills_total[1815s])', { maxs })).toEqual([
      expect.stringMatching(/^read from the 10s rollup; .* a range that does not begin and end with a window/),
    ]);
    expect(await infosOf(`${largest} / stddev_over_time(fills_total[30m])`, { maxs })).toEqual([
      expect.stringMatching(/functions that need every one/),
    ]);
  });

  it('names the place of a syntax error (query.parse) and of a failed evaluation (query.execution)', async () => {
    const engine = engineOver(new MemoryReader());
    expect(await failure(engine.query('sum(fills_total', instant(0)))).toMatchObject({
      code: 'query.parse',
      message: '1:16: parse error: unexpected end of input; the bracket ( at 1:4 is not closed',
      details: { from: 15, to: 15 },
    });
    expect(await failure(engine.query('1 + nosuch(2)', instant(0)))).toMatchObject({ code: 'query.parse' });
    expect(await failure(engine.query('fills_total * on() fills_total', instant(HOUR)))).toMatchObject({
      code: 'query.execution',
      message: expect.stringMatching(/^found duplicate series.* \(1:1\)$/s),
      details: { from: 0, to: 30 },
    });
  });

  it('refuses too many points before it reads, and too many samples before it evaluates (query.limit)', async () => {
    const reader = new MemoryReader();
    const tooFine = { startMs: 0, endMs: 11_000_000, stepMs: 1000 };
    expect(await failure(engineOver(reader).query('fills_total', tooFine))).toMatchObject({ code: 'query.limit' });
    expect(reader.requests).toEqual([]);
    const small = engineOver(reader, { maxSamples: 100 });
    expect(await failure(small.query('fills_total', instant(HOUR)))).toMatchObject({
      code: 'query.limit',
      message: expect.stringContaining('122 samples'),
    });
    const looking = engineOver(reader, { maxSamples: 1_000 });
    expect(await failure(looking.query('max_over_time(rate(fills_total[30m])[30m:1s])', instant(HOUR)))).toMatchObject({
      code: 'query.limit',
    });
  });

  it('stops when its caller aborts (query.cancelled), before and while it reads', async () => {
    const reader = new MemoryReader();
    const engine = engineOver(reader);
    expect(await failure(engine.query('fills_total', instant(0), AbortSignal.abort()))).toMatchObject({
      code: 'query.cancelled',
    });
    reader.gate = new Promise(() => undefined);
    const controller = new AbortController();
    const work = failure(engine.query('fills_total', instant(0), controller.signal));
    controller.abort();
    expect(await work).toMatchObject({ code: 'query.cancelled' });
  });

  it('stops at its time limit, also inside the evaluation (query.timeout)', async () => {
    const reader = new MemoryReader();
    reader.gate = new Promise(() => undefined);
    expect(await failure(engineOver(reader, { timeoutMs: 1 }).query('fills_total', instant(0)))).toMatchObject({
      code: 'query.timeout',
      message: expect.stringContaining('1 ms'),
    });
    const busy = engineOver(new MemoryReader(), { timeoutMs: 1, maxSamples: Infinity });
    const heavy = 'quantile_over_time(0.5, (fills_total + fills_total * 2)[1h:100ms])';
    expect(await failure(busy.query(heavy, { startMs: 0, endMs: HOUR, stepMs: MINUTE }))).toMatchObject({
      code: 'query.timeout',
    });
  });

  it('lets only so many queries run at once; the next wait, and past the line are refused', async () => {
    const reader = new MemoryReader();
    let open: () => void = () => undefined;
    reader.gate = new Promise((resolve) => (open = resolve));
    const engine = engineOver(reader, { maxConcurrent: 2, maxWaiting: 3 });
    const accepted = Array.from({ length: 5 }, (_, i) => engine.query(`fills_total + ${i}`, instant(HOUR)));
    expect(await failure(engine.query('fills_total', instant(HOUR)))).toMatchObject({
      code: 'query.limit',
      message: '2 queries run and 3 wait; ask again later or less often, or raise query.maxConcurrent',
    });
    expect(reader.requests).toHaveLength(2);
    open();
    expect(await Promise.all(accepted)).toHaveLength(5);
    expect(reader.peak).toBe(2);
  });

  it('takes a waiting query out of the line when it is aborted', async () => {
    const reader = new MemoryReader();
    let open: () => void = () => undefined;
    reader.gate = new Promise((resolve) => (open = resolve));
    const engine = engineOver(reader, { maxConcurrent: 1 });
    const first = engine.query('fills_total', instant(HOUR));
    const controller = new AbortController();
    const waiting = failure(engine.query('fills_total + 2', instant(HOUR), controller.signal));
    const third = engine.query('fills_total + 3', instant(HOUR));
    controller.abort();
    expect(await waiting).toMatchObject({ code: 'query.cancelled' });
    open();
    await Promise.all([first, third]);
    expect(reader.requests).toHaveLength(2);
  });

  it('answers identical questions with one piece of work, which stops when the last caller has left', async () => {
    const reader = new MemoryReader();
    let open: () => void = () => undefined;
    reader.gate = new Promise((resolve) => (open = resolve));
    const outcomes: string[] = [];
    const telemetry = { level: () => undefined, queryCached: (outcome: string) => void outcomes.push(outcome) };
    const engine = engineOver(reader, { telemetry });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = failure(engine.query('sum(fills_total{venue="XNAS"})', instant(HOUR), one.signal));
    const second = engine.query('sum (( fills_total { venue = "XNAS" } ))', instant(HOUR), two.signal);
    const other = engine.query('sum(fills_total{venue="XNAS"})', instant(HOUR), undefined, { tenant: 'b' });
    one.abort();
    expect(await first).toMatchObject({ code: 'query.cancelled' });
    open();
    expect(await second).toMatchObject({ samples: [{ value: 3600 }] });
    await other;
    expect([reader.requests.length, outcomes]).toEqual([2, ['merged', 'miss']]);
    reader.gate = new Promise(() => undefined);
    const third = failure(engine.query('fills_total', instant(HOUR), two.signal));
    await Promise.resolve();
    two.abort();
    expect(await third).toMatchObject({ code: 'query.cancelled' });
    expect(reader.signals.at(-1)?.aborted).toBe(true);
  });

  it('does not let a caller join work that began to read before the data changed', async () => {
    const reader = new MemoryReader();
    let open: () => void = () => undefined;
    reader.gate = new Promise((resolve) => (open = resolve));
    const changes = new ChangeLog();
    const engine = engineOver(reader, { changes });
    const range = { startMs: 0, endMs: HOUR, stepMs: HOUR };
    const ask = () => engine.query('sum(fills_total)', range);
    const first = ask();
    while (reader.requests.length === 0) await Promise.resolve();
    changes.changed('other_total', 0);
    changes.changed('fills_total', HOUR + 1);
    const second = ask();
    changes.changed('fills_total', HOUR);
    const third = ask();
    open();
    await Promise.all([first, second, third]);
    expect(reader.requests).toHaveLength(2);
    await ask();
    expect(reader.requests).toHaveLength(2);
  });

  it('waits for an answer that is being made and continues it, instead of making it again', async () => {
    const reader = new MemoryReader();
    let open: () => void = () => undefined;
    reader.gate = new Promise((resolve) => (open = resolve));
    const outcomes: string[] = [];
    const telemetry = { level: () => undefined, queryCached: (outcome: string) => void outcomes.push(outcome) };
    const engine = engineOver(reader, { telemetry, changes: new ChangeLog() });
    const ask = (endMs: number) => engine.query('fills_total', { startMs: endMs - 20_000, endMs, stepMs: 5_000 });
    const first = ask(HOUR - 5_000);
    while (reader.requests.length === 0) await Promise.resolve();
    const second = ask(HOUR);
    open();
    await Promise.all([first, second]);
    expect(outcomes).toEqual(['miss', 'extended']);
    expect(reader.requests.map(({ startMs, endMs }) => endMs - startMs)).toEqual([319_999, 299_999]);
  });

  it('passes a fault of the store on as it is', async () => {
    const reader = new MemoryReader();
    reader.gate = Promise.reject(new Error('disk'));
    await expect(engineOver(reader).query('fills_total', instant(0))).rejects.toThrow('disk');
  });
});
