/**
 * Functions over time are the same before and after raw samples are gone, where windows know what they need. Run by
 * every store with an hour of raw samples and two hours of 1 s windows.
 */
import { evaluate, parse, plan, type EvaluationRange, type Matcher } from '@tapewatch/core';
import type { Store } from '../ports.ts';
import { batchOf, clockAt, samplesOf, seconds, seriesOf, T0_MS, type SampleRow } from './store.fixture.ts';

const KNOWN_TO_WINDOWS = ['max', 'min', 'avg', 'sum', 'count', 'first', 'last', 'present', 'ts_of_last'];

export function describeOverTime(store: () => Store, restart: () => Promise<unknown>): void {
  const answer = async (text: string, range: EvaluationRange): Promise<unknown> => {
    const planned = plan(parse(text), range, { text });
    const data = await Promise.all(planned.selects.map((request) => store().select(request)));
    const result = evaluate(planned, data, { regex: () => () => undefined });
    if (result.type === 'vector') return result.samples.map(({ value }) => value);
    return result.type === 'matrix' ? result.series.map(({ points }) => points) : result;
  };
  const at = (second: number): EvaluationRange => {
    const endMs = T0_MS + second * 1_000;
    return { startMs: endMs, endMs, stepMs: 0 };
  };

  it('finds the largest, the smallest, sum, count and mean of samples that are gone (harness: 1 h raw)', async () => {
    const series = [seriesOf(1, { __name__: 'spread' }), seriesOf(2, { __name__: 'orders_total' }, 'counter')];
    // Two a second for two minutes, none on the border of a window; then one of today.
    const rows = Array.from({ length: 240 }, (_, i): SampleRow[] => [
      [1, seconds(i * 0.5 + 0.1), i % 20 === 7 ? 100 : (i % 3) - 1],
      [2, seconds(i * 0.5 + 0.2), i],
    ]).flat();
    const today: SampleRow = [1, seconds(3_700), 7];
    await store().append(batchOf({ series, samples: samplesOf([...rows, today]) }));
    await store().append(clockAt(7_400));
    const steps = { startMs: T0_MS + 30_000, endMs: T0_MS + 120_000, stepMs: 30_000 };
    const all = async (): Promise<unknown[]> => {
      const answers: unknown[] = [];
      for (const name of KNOWN_TO_WINDOWS) {
        for (const metric of ['spread', 'orders_total']) {
          answers.push(await answer(`${name}_over_time(${metric}[30s])`, steps));
          answers.push(await answer(`${name}_over_time(${metric}[2m])`, at(120)));
        }
      }
      answers.push(await answer('max_over_time(spread[1h]) - avg_over_time(spread[1h])', at(3_720)));
      return answers;
    };
    const fromSamples = await all();
    // The first minute is left as windows of 10 s, the second one as windows of 1 s.
    await store().retain(seconds(7_260));
    await store().retain(seconds(7_260));
    const spread: Matcher[] = [{ name: '__name__', operator: '=', value: 'spread' }];
    const everything = { matchers: spread, startMs: T0_MS, endMs: T0_MS + 3_720_000, resolutionMs: 0 };
    const [found] = await store().select({ ...everything, aggregates: { names: ['counts', 'maxs'], meetsMs: 1_000 } });
    expect(found?.levelsMs).toEqual([10_000, 1_000, 0]);
    expect(Array.from(found?.windows?.counts ?? [])).toEqual([
      ...new Array<number>(6).fill(20),
      ...new Array<number>(60).fill(2),
      1,
    ]);
    expect(Object.keys(found?.windows ?? {}).sort()).toEqual(['counts', 'maxs']);
    expect(await answer('max_over_time(spread[2m])', at(120))).toEqual([100]);
    expect(await answer('count_over_time(spread[2m])', at(120))).toEqual([240]);
    expect(await all()).toEqual(fromSamples);
    await restart();
    expect(await all()).toEqual(fromSamples);
  });

  it('has late samples in the figures of their windows', async () => {
    await store().append(
      batchOf({ series: [seriesOf(1, { __name__: 'spread' })], samples: samplesOf([[1, seconds(5), 1]]) }),
    );
    await store().append(clockAt(7_400));
    await store().append(
      batchOf({
        samples: samplesOf([
          [1, seconds(3), 50],
          [1, seconds(7), -2],
          [1, seconds(4), 3],
        ]),
      }),
    );
    await store().retain(seconds(7_260));
    await store().retain(seconds(7_260));
    const figures = ['max', 'min', 'sum', 'count', 'first', 'last'];
    const found = figures.map((name) => answer(`${name}_over_time(spread[1m])`, at(60)));
    expect(await Promise.all(found)).toEqual([[50], [-2], [52], [4], [50], [-2]]);
  });

  it('counts NaN and infinities as Prometheus does where they begin or end a window', async () => {
    const windows = [[NaN, 5, Infinity], [NaN, NaN], [-Infinity], [2, 1, NaN], [-Infinity, 4, Infinity]];
    const rows = windows.flatMap((values, i) =>
      values.map((value, j): SampleRow => [1, seconds(i * 10 + j + 1), value]),
    );
    await store().append(batchOf({ series: [seriesOf(1, { __name__: 'odd' })], samples: samplesOf(rows) }));
    await store().append(clockAt(7_400));
    const steps = { startMs: T0_MS + 10_000, endMs: T0_MS + 50_000, stepMs: 10_000 };
    const all = async (): Promise<unknown> => {
      const names = ['max', 'min', 'avg', 'sum', 'count', 'first'];
      return Promise.all(names.map((name) => answer(`${name}_over_time(odd[10s])`, steps)));
    };
    const fromSamples = await all();
    await store().retain(seconds(7_260));
    await store().retain(seconds(7_260));
    expect(await all()).toEqual(fromSamples);
  });
}
