/** What is kept of the exemplars that publishers send, and the bounds of it. */
import { Labels, METRIC_NAME } from '@tapewatch/core';
import fc from 'fast-check';
import type { SentExemplar } from '../ports.ts';
import { ExemplarMemory, FIRST_PER_SECOND, LARGEST_PER_SECOND, SERIES_MAX_EXEMPLARS } from './exemplar-memory.ts';

const T0 = 1_753_612_200;
const ALL = { startMs: 0, endMs: Number.MAX_SAFE_INTEGER };
const series = (name: string): Labels => Labels.from({ [METRIC_NAME]: name });
const sent = (value: number, seconds = T0, trace = `t${value}`): SentExemplar => ({
  ...{ seconds, nanos: 0, value },
  labels: [['trace_id', trace]],
});
const everything = (memory: ExemplarMemory) => memory.select(() => true, ALL);
const valuesOf = (memory: ExemplarMemory, name: string): number[] =>
  memory.select((labels) => labels.metricName === name, ALL).flatMap(({ exemplars }) => exemplars.map((e) => e.value));

describe('the memory of exemplars', () => {
  it('answers in the order of time for the series that match, ends inclusive', () => {
    const memory = new ExemplarMemory(10);
    for (const second of [3, 1, 2]) memory.add(series('a'), { ...sent(second, T0 + second), nanos: 1_999_999 }, T0);
    memory.add(series('b'), sent(9), T0);
    const span = { startMs: (T0 + 1) * 1_000 + 1, endMs: (T0 + 2) * 1_000 + 1 };
    expect(memory.select(({ metricName }) => metricName === 'a', span)).toEqual([
      {
        labels: series('a'),
        exemplars: [
          { timeMs: (T0 + 1) * 1_000 + 1, value: 1, labels: { trace_id: 't1' } },
          { timeMs: (T0 + 2) * 1_000 + 1, value: 2, labels: { trace_id: 't2' } },
        ],
      },
    ]);
  });

  it('keeps once what a page repeats, with its stamp or with that of each scrape', () => {
    const memory = new ExemplarMemory(10);
    const add = (one: SentExemplar): string => memory.add(series('a'), one, one.seconds);
    expect([add(sent(1)), add(sent(2, T0 + 1)), add(sent(1)), add(sent(2, T0 + 15))]).toEqual([
      ...['taken', 'taken', 'repeated', 'repeated'],
    ]);
    expect(add(sent(1, T0, 'another'))).toBe('taken');
    expect(memory.size).toBe(3);
  });

  it('refuses labels that lead nowhere, or are longer than 128 characters, counted as code points', () => {
    const memory = new ExemplarMemory(10);
    const outcome = (...labels: [string, string][]): string => memory.add(series('a'), { ...sent(1), labels }, T0);
    expect(outcome()).toBe('exemplar_labels');
    expect(outcome(['trace_id', 'x'.repeat(121)])).toBe('exemplar_labels');
    expect(outcome(['trace_id', 'x'.repeat(120)])).toBe('taken');
    expect(outcome(['trace_id', '\u{1f600}'.repeat(120)])).toBe('taken');
    expect(outcome(['trace_id', '\u{1f600}'.repeat(121)])).toBe('exemplar_labels');
    expect(outcome(['__proto__', 'x'])).toBe('taken');
    expect(Object.keys(everything(memory)[0]?.exemplars.at(-1)?.labels ?? {})).toEqual(['__proto__']);
  });

  it('takes of one second the first and the largest of a series, of the next second anew', () => {
    const memory = new ExemplarMemory(10_000);
    const values = Array.from({ length: 200 }, (_, i) => (i * 73) % 200);
    const outcomes = values.map((value, i) => memory.add(series('a'), { ...sent(value), nanos: i }, T0));
    const first = values.slice(0, FIRST_PER_SECOND);
    const largest = values
      .slice(FIRST_PER_SECOND)
      .sort((a, b) => b - a)
      .slice(0, LARGEST_PER_SECOND);
    expect(new Set(valuesOf(memory, 'a'))).toEqual(new Set([...first, ...largest]));
    // Each that came is kept, or one is counted for it.
    const lost = outcomes.filter((outcome) => outcome === 'displaced' || outcome === 'exemplar_rate').length;
    expect(lost + memory.size).toBe(values.length);
    expect(memory.add(series('a'), sent(-1, T0 + 1), T0 + 1)).toBe('taken');
    expect(memory.add(series('b'), sent(-1), T0)).toBe('taken');
  });

  it('thins a series that is full, and keeps its reach and its largest', () => {
    const memory = new ExemplarMemory(100_000);
    for (let i = 0; i < 20_000; i++)
      memory.add(series('a'), sent(i === 7_777 ? 1e9 : i % 100, T0 + i, `t${i}`), T0 + i);
    const [found] = everything(memory);
    const stamps = found?.exemplars.map(({ timeMs }) => timeMs / 1_000 - T0) ?? [];
    expect(stamps.length).toBeLessThanOrEqual(SERIES_MAX_EXEMPLARS);
    expect(stamps.length).toBeGreaterThan(SERIES_MAX_EXEMPLARS / 2 - 1);
    expect([stamps[0], stamps.at(-1)]).toEqual([expect.any(Number), 19_999]);
    expect(stamps[0]).toBeLessThan(200);
    expect(stamps).toContain(7_777);
  });

  it('takes room from the series that was silent longest', () => {
    const memory = new ExemplarMemory(3);
    memory.add(series('old'), sent(1), T0);
    memory.add(series('old'), sent(2, T0 + 1), T0);
    memory.add(series('new'), sent(3), T0);
    memory.add(series('new'), sent(4, T0 + 1), T0);
    expect([valuesOf(memory, 'old'), valuesOf(memory, 'new')]).toEqual([[2], [3, 4]]);
    memory.add(series('newest'), sent(5), T0);
    expect(everything(memory).map(({ labels }) => labels.metricName)).toEqual(['new', 'newest']);
  });

  it('keeps none when it is switched off', () => {
    const memory = new ExemplarMemory(0);
    expect([memory.add(series('a'), sent(1), T0), memory.size]).toEqual(['exemplar_off', 0]);
  });

  it('stays within its bounds, in order, and knows its size, whatever comes', () => {
    const one = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.double(),
      stamp: fc.nat(40),
      nanos: fc.nat(2),
      received: fc.nat(3),
      trace: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 300 }), fc.integer({ min: 1, max: 60 }), (list, max) => {
        const memory = new ExemplarMemory(max);
        let taken = 0;
        for (const { name, value, stamp, nanos, received, trace } of list) {
          const exemplar = { seconds: stamp, nanos, value, labels: [['trace_id', `${trace}`]] as const };
          if (memory.add(series(name), exemplar, received) === 'taken') taken++;
          expect(memory.size).toBeLessThanOrEqual(max);
        }
        const found = everything(memory);
        expect(found.reduce((sum, { exemplars }) => sum + exemplars.length, 0)).toBe(memory.size);
        expect(memory.size).toBe(Math.min(taken, max));
        for (const { exemplars } of found) {
          const stamps = exemplars.map(({ timeMs }) => timeMs);
          expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
        }
      }),
    );
  });
});
