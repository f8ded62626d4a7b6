import { ENDLESS } from '../retention.ts';
import { overCap } from './disk-cap.ts';
import type { Segment } from './segment.ts';

/** A segment of 10 bytes whose last stamp is at `toSeconds`. */
function segmentOf(relation: string, toSeconds: number): Segment {
  const toNanos = BigInt(toSeconds) * 1_000_000_000n;
  const file = `${relation}-${toSeconds}`;
  return { file, relation, fromNanos: toNanos - 1n, toNanos, rowCount: 1, bytes: 10, sha256: '', age: toSeconds };
}

const SEGMENTS = [
  segmentOf('value_windows_1m', 3_600),
  segmentOf('samples', 7_200),
  segmentOf('samples', 3_600),
  segmentOf('histogram_samples', 3_600),
  segmentOf('distribution_windows_1s', 3_600),
];

function cut(maxBytes: number) {
  const { dropped, horizon } = overCap(SEGMENTS, { usedBytes: 100, maxBytes, horizon: ENDLESS });
  return { files: dropped.map(({ file }) => file), horizon };
}

it('removes nothing below the cap', () => {
  expect(cut(100)).toEqual({ files: [], horizon: ENDLESS });
});

it('takes the oldest of the finest level, with the other tables of its time', () => {
  expect(cut(95)).toEqual({ files: ['samples-3600', 'histogram_samples-3600'], horizon: { ...ENDLESS, raw: 3_600 } });
});

it('goes on with the next level when a level is used up', () => {
  const { files, horizon } = cut(65);
  expect(files).toEqual(['samples-3600', 'histogram_samples-3600', 'samples-7200', 'distribution_windows_1s-3600']);
  expect(horizon).toEqual({ ...ENDLESS, raw: 7_200, '1s': 3_600 });
});
