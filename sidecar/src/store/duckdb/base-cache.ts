/**
 * Checkpoints of cumulated distributions: for a series and level, the merge of all windows that start before a stamp.
 * A range that begins later needs only the windows in between. Late windows are merged into the checkpoints that they
 * belong to once their batch is committed; what was read while such a batch was on its way is not kept, since nobody
 * can tell whether it was seen.
 */
import { ExponentialHistogram } from '@tapewatch/core';
import { encodedAt, type WindowColumns } from './packed-batch.ts';

/** Checkpoints over all series; least recently used ones go first. At about 5 kB each this is 40 MB. */
const MAX_CHECKPOINTS = 8_192;
const PER_SERIES = 4;
/** A checkpoint that is this near before a new one is replaced by it: the same dashboard, moved on. */
const SAME_DASHBOARD_NANOS = 600_000_000_000n;

interface Checkpoint {
  readonly before: bigint;
  readonly histogram: ExponentialHistogram | undefined;
}

export class BaseCache {
  readonly #checkpoints = new Map<string, Checkpoint[]>();
  #count = 0;
  #writing = 0;
  #version = 0;

  /** A reader takes this first, and `keep`s under it; undefined while windows are being written. */
  get version(): number | undefined {
    return this.#writing > 0 ? undefined : this.#version;
  }

  /** The checkpoint that saves most work for a base before the stamp. The histogram must not be changed. */
  latest(id: number, levelMs: number, before: bigint): Checkpoint | undefined {
    const key = keyOf(id, levelMs);
    const known = this.#checkpoints.get(key);
    if (known === undefined) return undefined;
    this.#checkpoints.delete(key);
    this.#checkpoints.set(key, known);
    return known.filter((checkpoint) => checkpoint.before <= before).sort((a, b) => Number(b.before - a.before))[0];
  }

  keep(
    id: number,
    levelMs: number,
    { checkpoint, version }: { checkpoint: Checkpoint; version: number | undefined },
  ): void {
    if (version === undefined || version !== this.version) return;
    const key = keyOf(id, levelMs);
    const known = this.#checkpoints.get(key) ?? [];
    const others = known.filter(({ before }) => {
      const distance = checkpoint.before - before;
      return distance < 0n || distance > SAME_DASHBOARD_NANOS;
    });
    const kept = [checkpoint, ...others].slice(0, PER_SERIES);
    this.#count += kept.length - known.length;
    this.#checkpoints.delete(key);
    this.#checkpoints.set(key, kept);
    for (const [oldest, list] of this.#checkpoints) {
      if (this.#count <= MAX_CHECKPOINTS) break;
      this.#checkpoints.delete(oldest);
      this.#count -= list.length;
    }
  }

  /** Wraps the write of a batch. After a failure it is unknown what the file holds, so everything is forgotten. */
  async during<T>(windows: WindowColumns, write: () => Promise<T>): Promise<T> {
    if (windows.seriesIds.length === 0) return write();
    this.#writing++;
    try {
      const result = await write();
      this.#merge(windows);
      return result;
    } catch (error) {
      this.clear();
      throw error;
    } finally {
      this.#writing--;
      this.#version++;
    }
  }

  #merge({ seriesIds, numbers, stamps, histograms }: WindowColumns): void {
    for (let row = 0; row < seriesIds.length; row++) {
      const key = keyOf(seriesIds[row] as number, numbers.levelMs[row] as number);
      const known = this.#checkpoints.get(key);
      if (known === undefined || histograms.present[row] !== 1) continue;
      const start = stamps.startNanos[row] as bigint;
      if (!known.some(({ before }) => start < before)) continue;
      const delta = ExponentialHistogram.decode(encodedAt(histograms, row));
      const merged = known.map((checkpoint) =>
        start < checkpoint.before
          ? { ...checkpoint, histogram: checkpoint.histogram?.clone().merge(delta) ?? delta.clone() }
          : checkpoint,
      );
      this.#checkpoints.set(key, merged);
    }
  }

  clear(): void {
    this.#checkpoints.clear();
    this.#count = 0;
    this.#version++;
  }
}

function keyOf(id: number, levelMs: number): string {
  return `${levelMs}/${id}`;
}
