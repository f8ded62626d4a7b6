/**
 * What a selector found, on its way to another thread: the samples of all series in two columns, one behind the other, and
 * labels by number. Few large buffers pass where many small ones and objects for every series would have to be made.
 * Histograms that are not columns already travel series by series.
 */
import assert from 'node:assert';
import {
  CumulativeHistograms,
  distributionData,
  ExponentialHistogram,
  type CumulativeRows,
  type EncodedHistogram,
  type HistogramColumns,
  type Labels,
  type SeriesData,
  type WindowAggregate,
  WINDOW_AGGREGATES,
} from '@tapewatch/core';
import type { Pacer } from '../pacer.ts';
import { buffersOf, packSeries, unpackSeries, type PackedSeries } from './packed-series.ts';

/** Series of numbers: series i has samples from `ends[i - 1]` to `ends[i]`. */
interface PackedNumbers {
  readonly ends: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** Of all series or of none. */
  readonly ranks: Uint32Array | undefined;
  /** What windows tell that stand for samples, of every series that has points of them. */
  readonly windows: readonly PackedAggregate[];
  readonly staleMs: readonly (readonly [series: number, staleMs: readonly number[]])[];
}

interface PackedAggregate {
  readonly name: WindowAggregate;
  readonly column: Float64Array;
  /** 1 for a series that has it. */
  readonly held: Uint8Array;
}

/** Distributions as rows that add up: series i has points up to `pointEnds[i]` and rows up to `rowEnds[i]`. */
interface PackedDistributions {
  readonly columns: HistogramColumns;
  readonly pointEnds: Uint32Array;
  readonly timesMs: Float64Array;
  readonly ends: Uint32Array;
  readonly rowEnds: Uint32Array;
  readonly rows: Uint32Array;
  readonly baseCounts: Float64Array;
  /** What was counted before the first row; null where nobody will ask. */
  readonly bases: readonly (EncodedHistogram | undefined)[] | null;
}

export interface PackedSelection {
  readonly numbers: PackedNumbers;
  readonly distributions: readonly PackedDistributions[];
  readonly others: readonly PackedSeries[];
}

/** A selection, and the labels of its series in order, but for the others, which have their own. */
export interface Packed {
  readonly selection: PackedSelection;
  readonly labels: readonly Labels[];
}

/** `cumulative`: whether distributions may be looked at as cumulative histograms and not only as what was added. */
export async function packSelection(all: readonly SeriesData[], cumulative: boolean, pacer: Pacer): Promise<Packed> {
  const numbers: SeriesData[] = [];
  const byColumns = new Map<HistogramColumns, Distribution[]>();
  const others: SeriesData[] = [];
  for (const series of all) {
    const { deltas } = series;
    if (deltas instanceof CumulativeHistograms) {
      const { columns } = deltas.source;
      const known = byColumns.get(columns);
      if (known === undefined) byColumns.set(columns, [{ series, deltas }]);
      else known.push({ series, deltas });
    } else if (series.histograms === undefined && series.startTimesMs === undefined) numbers.push(series);
    else others.push(series);
  }
  const distributions: PackedDistributions[] = [];
  for (const [columns, members] of byColumns) {
    distributions.push(await packDistributions(columns, members, { cumulative, pacer }));
  }
  const packed: PackedSeries[] = [];
  for (const series of others) {
    packed.push(packSeries(series));
    await pacer.pause();
  }
  const inOrder = [...numbers, ...[...byColumns.values()].flat().map(({ series }) => series)];
  const selection = { numbers: packNumbers(numbers), distributions, others: packed };
  return { selection, labels: inOrder.map(({ labels }) => labels) };
}

interface Distribution {
  readonly series: SeriesData;
  readonly deltas: CumulativeHistograms;
}

function packNumbers(all: readonly SeriesData[]): PackedNumbers {
  const ends = endsOf(all, ({ timesMs }) => timesMs.length);
  const size = ends.at(-1) ?? 0;
  const [timesMs, values] = [new Float64Array(size), new Float64Array(size)];
  const ranked = all.some(({ ranks }) => ranks !== undefined);
  const ranks = ranked ? new Uint32Array(size) : undefined;
  const staleMs: [number, readonly number[]][] = [];
  let at = 0;
  all.forEach((series, i) => {
    timesMs.set(series.timesMs, at);
    values.set(series.values, at);
    ranks?.set(series.ranks ?? countingTo(series.timesMs.length), at);
    if (series.staleMs !== undefined) staleMs.push([i, series.staleMs]);
    at = ends[i] as number;
  });
  return { ends, timesMs, values, ranks, windows: packWindows(all, ends), staleMs };
}

function packWindows(all: readonly SeriesData[], ends: Uint32Array): PackedAggregate[] {
  if (all.every(({ windows }) => windows === undefined)) return [];
  const names = WINDOW_AGGREGATES.filter((name) => all.some(({ windows }) => windows?.[name] !== undefined));
  return names.map((name) => {
    const column = new Float64Array(ends.at(-1) ?? 0);
    all.forEach(({ windows }, i) => column.set(windows?.[name] ?? [], ends[i - 1] ?? 0));
    return { name, column, held: Uint8Array.from(all, ({ windows }) => Number(windows?.[name] !== undefined)) };
  });
}

async function packDistributions(
  columns: HistogramColumns,
  members: readonly Distribution[],
  { cumulative, pacer }: { cumulative: boolean; pacer: Pacer },
): Promise<PackedDistributions> {
  const pointEnds = endsOf(members, ({ series }) => series.timesMs.length);
  const rowEnds = endsOf(members, ({ deltas }) => deltas.source.rows.length);
  const [timesMs, ends] = [new Float64Array(pointEnds.at(-1) ?? 0), new Uint32Array(pointEnds.at(-1) ?? 0)];
  const rows = new Uint32Array(rowEnds.at(-1) ?? 0);
  const baseCounts = new Float64Array(members.length);
  const bases: (EncodedHistogram | undefined)[] = [];
  let [point, row] = [0, 0];
  for (let i = 0; i < members.length; i++) {
    const { series, deltas } = members[i] as Distribution;
    timesMs.set(series.timesMs, point);
    ends.set(deltas.source.ends, point);
    rows.set(deltas.source.rows, row);
    baseCounts[i] = deltas.source.baseCount;
    if (cumulative) {
      bases.push(deltas.base?.encode());
      await pacer.pause();
    }
    [point, row] = [pointEnds[i] as number, rowEnds[i] as number];
  }
  return { columns, pointEnds, timesMs, ends, rowEnds, rows, baseCounts, bases: cumulative ? bases : null };
}

export function unpackSelection(
  { numbers, distributions, others }: PackedSelection,
  labels: readonly Labels[],
): SeriesData[] {
  const series: SeriesData[] = [];
  const { ends, timesMs, values, ranks, windows } = numbers;
  const stale = new Map(numbers.staleMs);
  ends.forEach((to, i) => {
    const from = ends[i - 1] ?? 0;
    const staleMs = stale.get(i);
    const told = windows
      .filter(({ held }) => held[i] === 1)
      .map(({ name, column }) => [name, column.subarray(from, to)] as const);
    series.push({
      labels: labels[i] as Labels,
      timesMs: timesMs.subarray(from, to),
      values: values.subarray(from, to),
      ...(ranks === undefined ? {} : { ranks: ranks.subarray(from, to) }),
      ...(told.length === 0 ? {} : { windows: Object.fromEntries(told) }),
      ...(staleMs === undefined ? {} : { staleMs }),
    });
  });
  for (const packed of distributions) {
    packed.pointEnds.forEach((_, i) => series.push(distributionAt(packed, i, labels[series.length] as Labels)));
  }
  for (const other of others) series.push(unpackSeries(other));
  return series;
}

function distributionAt(packed: PackedDistributions, i: number, labels: Labels): SeriesData {
  const { columns, pointEnds, rowEnds, bases } = packed;
  const [fromPoint, toPoint] = [pointEnds[i - 1] ?? 0, pointEnds[i]];
  const source: CumulativeRows = {
    columns,
    rows: packed.rows.subarray(rowEnds[i - 1] ?? 0, rowEnds[i]),
    ends: packed.ends.subarray(fromPoint, toPoint),
    baseCount: packed.baseCounts[i] as number,
  };
  const makeBase = (): ExponentialHistogram | undefined => {
    assert(bases !== null, 'a cumulative histogram was asked for that the plan does not read');
    const base = bases[i];
    return base === undefined ? undefined : ExponentialHistogram.decode(base);
  };
  const timesMs = packed.timesMs.subarray(fromPoint, toPoint);
  return distributionData({ labels, levelsMs: [] }, timesMs, new CumulativeHistograms(source, makeBase));
}

/** What to list as transferred, each once; the sender must not use it any more. */
export function buffersOfSelections(all: readonly PackedSelection[]): ArrayBuffer[] {
  return [...new Set(all.flatMap(buffersOfSelection))];
}

function buffersOfSelection({ numbers, distributions, others }: PackedSelection): ArrayBuffer[] {
  const buffers = new Set<ArrayBufferLike>(buffersOf(others));
  const { ends, timesMs, values, ranks, windows } = numbers;
  for (const { column, held } of windows) buffers.add(column.buffer).add(held.buffer);
  for (const column of [ends, timesMs, values, ...(ranks === undefined ? [] : [ranks])]) buffers.add(column.buffer);
  for (const { columns, bases: _, ...own } of distributions) {
    for (const column of Object.values(own)) buffers.add(column.buffer);
    const { positive, negative, customBounds, ...scalars } = columns;
    for (const list of [positive, negative, customBounds, scalars]) {
      for (const column of Object.values(list)) buffers.add((column as Float64Array).buffer);
    }
  }
  return [...buffers] as ArrayBuffer[];
}

/** Running totals of a length. */
function endsOf<T>(all: readonly T[], lengthOf: (one: T) => number): Uint32Array {
  let end = 0;
  return Uint32Array.from(all, (one) => (end += lengthOf(one)));
}

function countingTo(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => i);
}
