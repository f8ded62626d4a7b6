import fc from 'fast-check';
import { isStaleMarker, putStaleMarker } from '../../stale-marker.ts';
import { orderBySeries, sortedBySeries } from './series-order.ts';

const row = fc.record({ series: fc.integer({ min: 0, max: 5_000 }), second: fc.nat(), value: fc.double() });

describe('sortedBySeries', () => {
  it('is a stable sort of the rows by their series', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 300 }), (rows) => {
        const columns = {
          seriesIds: Uint32Array.from(rows, ({ series }) => series),
          seconds: Uint32Array.from(rows, ({ second }) => second),
          nanos: Uint32Array.from(rows, (_, i) => i),
          values: Float64Array.from(rows, ({ value }) => value),
        };
        // The language's own sort is stable, too.
        const expected = rows.map((one, i) => ({ ...one, i })).sort((a, b) => a.series - b.series);
        const sorted = sortedBySeries(columns);
        expect([...sorted.seriesIds]).toEqual(expected.map(({ series }) => series));
        expect([...sorted.stamps]).toEqual(
          expected.map(({ second, i }) => BigInt(second) * 1_000_000_000n + BigInt(i)),
        );
        expect([...sorted.values]).toEqual(expected.map(({ value }) => value));
        expect([...orderBySeries(columns.seriesIds)]).toEqual(expected.map(({ i }) => i));
      }),
    );
  });

  it('keeps the bits of staleness markers', () => {
    const values = new Float64Array(3);
    putStaleMarker(values, 2);
    const rest = { seconds: new Uint32Array(3), nanos: new Uint32Array(3), values };
    const sorted = sortedBySeries({ seriesIds: Uint32Array.of(9, 8, 7), ...rest });
    expect([0, 1, 2].map((i) => isStaleMarker(sorted.values, i))).toEqual([true, false, false]);
  });
});
