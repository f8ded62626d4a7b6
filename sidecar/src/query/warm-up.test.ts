import { type EvaluationRange, Labels, parse, type SeriesDefinition } from '@tapewatch/core';
import type { PromqlEngine } from '../ports.ts';
import { warmUp } from './warm-up.ts';

const NOW = 1_700_000_000_000;

function seriesOf(kind: SeriesDefinition['kind'], labels: Record<string, string>): SeriesDefinition {
  return { id: 1, kind, labels: Labels.from(labels), stream: 's', unit: '', help: '' };
}

interface Asked {
  readonly expr: string;
  readonly range: EvaluationRange;
}

/** Answers every question with as many samples as the metric is said to have, or not at all. */
function noting(asked: Asked[], samplesOf?: Readonly<Record<string, number>>): PromqlEngine {
  return {
    query: async (expr: string, range: EvaluationRange) => {
      parse(expr);
      asked.push({ expr, range });
      if (samplesOf === undefined) throw new Error('no store');
      const samples = samplesOf[metricOf(expr)] ?? 0;
      return { type: 'matrix', series: [], warnings: [], infos: [], stats: { samples } };
    },
  } as unknown as PromqlEngine;
}

function metricOf(expr: string): string {
  return expr.match(/depth|ack_seconds|\w+_total/)?.[0] ?? '';
}

const known = [
  seriesOf('gauge', { __name__: 'depth', venue: 'a "b"\n' }),
  seriesOf('distribution', { __name__: 'ack_seconds', venue: 'X' }),
  seriesOf('counter', { __name__: 'fills_total' }),
];

describe('warming up', () => {
  it('asks on for the numbers with the longest history and a distribution, over other ranges each time', async () => {
    const asked: Asked[] = [];
    const written: unknown[] = [];
    const write = async (result: unknown): Promise<void> => void written.push(result);
    await warmUp(noting(asked, { depth: 10, fills_total: 20 }), known, { nowMs: NOW, write });
    expect(asked.filter(({ expr }) => metricOf(expr) === 'depth')).toHaveLength(1);
    expect(new Set(asked.slice(2).map(({ expr }) => metricOf(expr)))).toEqual(new Set(['fills_total', 'ack_seconds']));
    expect(new Set(asked.map(({ expr, range }) => JSON.stringify([expr, range]))).size).toBe(asked.length);
    expect(written).toHaveLength(asked.length);
  });

  it('asks about numbers beside the grid of the boards, so that nothing is kept for them', async () => {
    const asked: Asked[] = [];
    await warmUp(noting(asked, {}), known, { nowMs: NOW, write: async () => undefined });
    const numbers = asked.filter(({ expr }) => metricOf(expr) !== 'ack_seconds');
    expect(numbers.filter(({ range }) => range.endMs % 1_000 === 0)).toEqual([]);
  });

  it('goes on whatever becomes of its questions', async () => {
    const asked: Asked[] = [];
    await warmUp(noting(asked), known, { nowMs: NOW, write: async () => undefined });
    expect(new Set(asked.map(({ expr }) => metricOf(expr)))).toEqual(new Set(['depth', 'fills_total', 'ack_seconds']));
  });

  it('asks about some metrics of many, of all parts of them', async () => {
    const asked: Asked[] = [];
    const many = Array.from({ length: 100 }, (_, i) => seriesOf('gauge', { __name__: `m${i}_total` }));
    await warmUp(noting(asked, { m99_total: 1 }), many, { nowMs: NOW, write: async () => undefined });
    expect(new Set(asked.slice(0, 32).map(({ expr }) => metricOf(expr))).size).toBe(32);
    expect(new Set(asked.slice(32).map(({ expr }) => metricOf(expr)))).toEqual(new Set(['m99_total']));
  });

  it('asks nothing where nothing is known', async () => {
    const asked: Asked[] = [];
    await warmUp(noting(asked, {}), [], { nowMs: NOW, write: async () => undefined });
    expect(asked).toEqual([]);
  });
});
