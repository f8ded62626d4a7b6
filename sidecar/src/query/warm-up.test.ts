import { type EvaluationRange, Labels, parse, type SeriesDefinition } from '@tapewatch/core';
import type { PromqlEngine } from '../ports.ts';
import { warmUp } from './warm-up.ts';

const NOW = 1_700_000_000_000;

function seriesOf(kind: SeriesDefinition['kind'], labels: Record<string, string>): SeriesDefinition {
  return { id: 1, kind, labels: Labels.from(labels), stream: 's', unit: '', help: '' };
}

function noting(asked: string[], fail = false): PromqlEngine {
  return {
    query: async (expr: string, { startMs, endMs }: EvaluationRange) => {
      parse(expr);
      asked.push(`${expr} ${endMs - startMs}`);
      if (fail) throw new Error('no store');
      return { type: 'matrix', series: [], warnings: [], infos: [] };
    },
  } as unknown as PromqlEngine;
}

describe('warming up', () => {
  it('asks for numbers and distributions that are known, over other ranges each time, whatever becomes of it', async () => {
    for (const fail of [false, true]) {
      const asked: string[] = [];
      const known = [
        seriesOf('gauge', { __name__: 'depth', venue: 'a "b"\n' }),
        seriesOf('distribution', { __name__: 'ack_seconds', venue: 'X' }),
        seriesOf('counter', { __name__: 'fills_total' }),
      ];
      await warmUp(noting(asked, fail), known, NOW);
      expect(new Set(asked.map((text) => text.match(/depth|ack_seconds|fills_total/)?.[0]))).toEqual(
        new Set(['depth', 'ack_seconds']),
      );
      expect(asked).toHaveLength(24);
    }
  });

  it('asks nothing where nothing is known', async () => {
    const asked: string[] = [];
    await warmUp(noting(asked), [], NOW);
    expect(asked).toEqual([]);
  });
});
