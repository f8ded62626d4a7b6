import { ClockOffsets, MAX_SOURCES } from './clock-offsets.ts';

function told(offsets: ClockOffsets, nowSeconds: number): [number, number][] {
  const list: [number, number][] = [];
  offsets.tell(nowSeconds, (source, offset) => list.push([source, offset]));
  return list;
}

describe('ClockOffsets', () => {
  it('keeps the smallest delay of each source, and forgets it within two minutes', () => {
    const offsets = new ClockOffsets();
    for (const delay of [0.02, 0.005, 0.4]) offsets.note(3, delay);
    offsets.note(7, -2);
    expect(told(offsets, 100)).toEqual([
      [3, 0.005],
      [7, -2],
    ]);
    offsets.note(3, 0.3);
    expect(told(offsets, 130)).toEqual([
      [3, 0.005],
      [7, -2],
    ]);
    expect(told(offsets, 165)).toHaveLength(2);
    expect(told(offsets, 230)).toEqual([[3, 0.3]]);
  });

  it('does not follow sources past its bound', () => {
    const offsets = new ClockOffsets();
    offsets.note(MAX_SOURCES, 1);
    expect(told(offsets, 1)).toEqual([]);
  });
});
