/**
 * Distributions as a base and deltas. The base, everything before the range, is summed bucket by bucket in SQL and
 * merged from there; checkpoints of it are kept, since dashboards ask for ranges that slide forward.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { ExponentialHistogram, type EncodedHistogram } from '@tapewatch/core';
import { emptyLike } from '../slices.ts';
import { SECOND_LEVEL_MS, TEN_SECOND_LEVEL_MS } from '../select-plan.ts';
import { nanosAtMs } from '../time-range.ts';
import type { BaseCache } from './base-cache.ts';
import { HISTOGRAM_SQL, histogramFrom } from './histogram-columns.ts';
import { readRows, seriesIn, within } from './sql.ts';

const EVER = -(2n ** 63n) + 1n;

export interface Deltas {
  readonly timesMs: number[];
  readonly deltas: EncodedHistogram[];
}

/** Merged windows that end in [startMs, endMs], per series, stamped with the window's end. */
export async function readDeltas(
  connection: DuckDBConnection,
  ids: readonly number[],
  { levelMs, startMs, endMs }: { levelMs: number; startMs: number; endMs: number },
): Promise<Map<number, Deltas>> {
  const bySeries = new Map<number, Deltas>();
  if (ids.length === 0) return bySeries;
  const range = within('start_nanos', firstStart(startMs, levelMs), firstStart(Math.floor(endMs) + 1, levelMs));
  const rows = await readRows(
    connection,
    `SELECT series_id, start_nanos // 1000000 + ${levelMs}, ${HISTOGRAM_SQL} FROM windows
     WHERE level_ms = ${levelMs} AND ${seriesIn(ids)} AND ${range} AND h_scale IS NOT NULL
     ORDER BY series_id, start_nanos, rowid`,
  );
  for (const [id, endMsOfRow, ...histogram] of rows) {
    const delta = histogramFrom(histogram);
    const timeMs = Number(endMsOfRow);
    let series = bySeries.get(id as number);
    if (series === undefined) bySeries.set(id as number, (series = { timesMs: [], deltas: [] }));
    const last = series.deltas.length - 1;
    if (series.timesMs[last] === timeMs) series.deltas[last] = mergedCodes(series.deltas[last], delta);
    else {
      series.timesMs.push(timeMs);
      series.deltas.push(delta);
    }
  }
  return bySeries;
}

/** A part of the time before a range: windows of one level with from <= start < to. */
interface BasePart {
  readonly levelMs: number;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * What stands for everything that ends before `beforeMs`. At the 1 s level, windows that retention took are replaced by
 * the 10 s windows, which are kept longer.
 */
function baseParts(levelMs: number, beforeMs: number, secondsFromMs: number): BasePart[] {
  const to = firstStart(beforeMs, levelMs);
  if (levelMs !== SECOND_LEVEL_MS || secondsFromMs === -Infinity) return [{ levelMs, from: EVER, to }];
  const older = { levelMs: TEN_SECOND_LEVEL_MS, from: EVER, to: firstStart(secondsFromMs + 1, TEN_SECOND_LEVEL_MS) };
  return [older, { levelMs, from: EVER, to }];
}

/** Everything that ended before `beforeMs`, per series; by way of checkpoints when a cache is given. */
export async function readBases(
  connection: DuckDBConnection,
  ids: readonly number[],
  { levelMs, beforeMs, secondsFromMs }: { levelMs: number; beforeMs: number; secondsFromMs: number },
  cache?: BaseCache,
): Promise<Map<number, ExponentialHistogram>> {
  const bases = new Map<number, ExponentialHistogram>();
  for (const part of baseParts(levelMs, beforeMs, secondsFromMs)) {
    const merged = await (cache === undefined
      ? readBase(connection, ids, part)
      : readFrom(cache, connection, { ids, part }));
    for (const [id, histogram] of merged) mergeInto(bases, id, histogram);
  }
  return bases;
}

/** Like `readBase`, starting from each series' nearest checkpoint; series with the same one share a statement. */
async function readFrom(
  cache: BaseCache,
  connection: DuckDBConnection,
  { ids, part }: { ids: readonly number[]; part: BasePart },
): Promise<Map<number, ExponentialHistogram>> {
  const { version } = cache;
  const checkpoints = new Map(ids.map((id) => [id, cache.latest(id, part.levelMs, part.to)]));
  const merged = new Map<number, ExponentialHistogram>();
  const starts = new Set([...checkpoints.values()].map((checkpoint) => checkpoint?.before ?? part.from));
  for (const from of starts) {
    const group = ids.filter((id) => (checkpoints.get(id)?.before ?? part.from) === from);
    const added = await readBase(connection, group, { ...part, from });
    for (const id of group) {
      for (const histogram of [checkpoints.get(id)?.histogram, added.get(id)]) {
        if (histogram !== undefined) mergeInto(merged, id, histogram);
      }
      const checkpoint = { before: part.to, histogram: merged.get(id)?.clone() };
      cache.keep(id, part.levelMs, { checkpoint, version });
    }
  }
  return merged;
}

/** Windows of the part merged per series. */
async function readBase(
  connection: DuckDBConnection,
  ids: readonly number[],
  { levelMs, from, to }: BasePart,
): Promise<Map<number, ExponentialHistogram>> {
  const merged = new Map<number, ExponentialHistogram>();
  if (ids.length === 0 || to <= from) return merged;
  const rows = await readRows(
    connection,
    `WITH part AS (
       SELECT * FROM windows WHERE level_ms = ${levelMs} AND ${seriesIn(ids)}
         AND ${within('start_nanos', from, to)} AND h_scale IS NOT NULL),
     shape AS (
       SELECT series_id, h_scale, h_zero_threshold, sum(h_zero_count) AS zero_count, sum(h_count) AS n,
         kahan_sum(h_sum) AS total, min(h_min) AS least, max(h_max) AS most, sum(h_nan_count) AS nans,
         sum(h_positive_infinity_count) AS up, sum(h_negative_infinity_count) AS down
       FROM part GROUP BY ALL),
     ${bucketSums('positive')}, ${bucketSums('negative')}
     SELECT series_id, h_scale, h_zero_threshold, zero_count, p.ks, p.ns, m.ks, m.ns, n, total, least, most, nans, up,
       down
     FROM shape LEFT JOIN positive p USING (series_id, h_scale, h_zero_threshold)
       LEFT JOIN negative m USING (series_id, h_scale, h_zero_threshold)
     ORDER BY series_id, h_scale, h_zero_threshold`,
  );
  for (const [id, ...histogram] of rows) {
    const encoded = ExponentialHistogram.decode(encodedOf(histogram));
    mergeInto(merged, id as number, encoded);
  }
  return merged;
}

function mergeInto(bySeries: Map<number, ExponentialHistogram>, id: number, addend: ExponentialHistogram): void {
  const known = bySeries.get(id);
  bySeries.set(id, (known ?? emptyLike(addend)).merge(addend));
}

function mergedCodes(known: EncodedHistogram | undefined, addend: EncodedHistogram): EncodedHistogram {
  if (known === undefined) return addend;
  return ExponentialHistogram.decode(known).merge(ExponentialHistogram.decode(addend)).encode();
}

function bucketSums(side: 'positive' | 'negative'): string {
  return `${side} AS (
    SELECT series_id, h_scale, h_zero_threshold, list(k ORDER BY k) AS ks, list(n ORDER BY k) AS ns FROM (
      SELECT series_id, h_scale, h_zero_threshold, k, sum(c) AS n FROM (
        SELECT series_id, h_scale, h_zero_threshold, unnest(h_${side}_indexes) AS k, unnest(h_${side}_counts) AS c
        FROM part) GROUP BY ALL) GROUP BY ALL)`;
}

/** A side without buckets has no row of sums. */
function encodedOf(values: Parameters<typeof histogramFrom>[0]): EncodedHistogram {
  return histogramFrom(values.map((value, at) => (value === null && at >= 3 && at <= 6 ? NO_BUCKETS : value)));
}

const NO_BUCKETS = { items: [] } as never;

/** Start of the first window of the level that ends at or after `ms`. */
function firstStart(ms: number, levelMs: number): bigint {
  return nanosAtMs(Math.ceil(ms) - levelMs);
}
