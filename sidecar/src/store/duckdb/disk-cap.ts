/**
 * The disk cap: when database and segments take more than they may, the oldest segments of the finest level go first,
 * then those of the next level. Readers turn to the wider level, as after retention.
 */
import { LEVELS, type Level } from '../level.ts';
import type { Horizon } from '../retention.ts';
import { levelOf } from './retain-segments.ts';
import type { Segment } from './segment.ts';

const FINEST_FIRST: readonly (Level | 'raw')[] = ['raw', ...LEVELS];

/** Which segments go, and from where on their levels are complete afterwards. */
export function overCap(
  segments: readonly Segment[],
  { usedBytes, maxBytes, horizon }: { usedBytes: number; maxBytes: number; horizon: Horizon },
): { readonly dropped: Segment[]; readonly horizon: Horizon } {
  const dropped = new Set<Segment>();
  const reached: Record<Level | 'raw', number> = { ...horizon };
  let used = usedBytes;
  for (const level of FINEST_FIRST) {
    const ofLevel = segments
      .filter(({ relation }) => levelOf(relation) === level)
      .sort((a, b) => (a.toNanos < b.toNanos ? -1 : a.toNanos > b.toNanos ? 1 : 0));
    for (const segment of ofLevel) {
      // The other tables of a level lose the same time, or sums and counts would disagree.
      const isCut = segment.toNanos <= BigInt(reached[level]) * 1_000_000_000n;
      if (used <= maxBytes && !isCut) break;
      dropped.add(segment);
      used -= segment.bytes;
      reached[level] = Math.max(reached[level], Number(segment.toNanos / 1_000_000_000n));
    }
  }
  return { dropped: [...dropped], horizon: reached };
}
