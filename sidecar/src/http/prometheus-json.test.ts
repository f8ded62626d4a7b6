import { Labels, type QueryResult } from '@tapewatch/core';
import { resultText } from './prometheus-json.ts';

const pause = async (): Promise<void> => undefined;

function rangeOf(venues: readonly string[]): Extract<QueryResult, { type: 'matrix' }> {
  const points = [
    { timeMs: 1_000, value: 0.5 },
    { timeMs: 2_500, value: 1e21 },
  ];
  const series = venues.map((venue) => ({ labels: Labels.from({ venue }), points }));
  return { type: 'matrix', series, warnings: [], infos: [] };
}

describe('the text of a range', () => {
  it('is written once for the series that are handed on', async () => {
    const result = rangeOf(['XNAS', 'BATS']);
    let pauses = 0;
    const counting = async (): Promise<void> => void pauses++;
    const first = await resultText(result, 0, counting);
    const again = await resultText({ ...result, warnings: ['other notes'] }, 0, counting);
    expect(again).toEqual({ ...first, warnings: ['other notes'] });
    expect(pauses).toBe(2);
    expect(JSON.parse(`{${first.data}}`)).toEqual({
      resultType: 'matrix',
      result: ['XNAS', 'BATS'].map((venue) => ({
        metric: { venue },
        values: [
          [1, '0.5'],
          [2.5, '1e+21'],
        ],
      })),
    });
  });

  it('is not mistaken for a part of it', async () => {
    const result = rangeOf(['XNAS', 'BATS']);
    const whole = await resultText(result, 0, pause);
    const cut = await resultText(result, 1, pause);
    expect(cut.warnings).toEqual(['results truncated due to limit']);
    expect(cut.data).not.toContain('BATS');
    expect(await resultText(result, 2, pause)).toEqual(whole);
  });
});
