/**
 * The distributions of the head: open seconds by stream, sealed windows in a ring, and for each series the total of all
 * that was ever sealed. What a selector presents is cumulative: the total, minus the windows from the start of the range
 * on, plus them again one by one. Counts are integers, so taking away is exact; only the sum is subject to rounding.
 */
import {
  CumulativeHistograms,
  distributionData,
  ExponentialHistogram,
  histogramAt,
  thinnedEnds,
  type HistogramColumns,
  type Labels,
  type SelectRequest,
  type SeriesData,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import { createBucketKey } from './bucket-key.ts';
import { addPacked, OpenSecond, type PackedKeys, type SealedSink } from './open-second.ts';
import { WindowColumns } from './window-columns.ts';
import { WindowRing } from './window-ring.ts';

/** The level that answers, as `SeriesData` tells it. */
const SECONDS = [1_000];
/** Seconds of one stream that may be open after a sealing; past it all are sealed, as parts. */
const MAX_OPEN_SECONDS = 16;

interface StreamWindows {
  /** Windows of seconds before this are sealed. */
  sealedBefore: number;
  open: OpenSecond[];
}

export class Distributions implements SealedSink {
  readonly #streams: StreamWindows[];
  readonly #spare: OpenSecond[] = [];
  readonly #ring = new WindowRing();
  readonly #totals: (ExponentialHistogram | undefined)[] = [];
  /** Series of which a window was sealed after a later one: their rows are not in order of time. */
  readonly #disordered = new Set<number>();
  #newestSecond: Uint32Array = new Uint32Array(0);
  #tell: (series: number, second: number) => void = () => undefined;
  readonly #scale: number;
  readonly #keyOf: (value: number) => number;

  /** `scale`: of the histograms that observations become. */
  constructor({ streams, scale }: { streams: number; scale: number }) {
    this.#streams = Array.from({ length: streams }, () => ({ sealedBefore: 0, open: [] }));
    this.#scale = scale;
    this.#keyOf = createBucketKey(scale);
  }

  get bytes(): number {
    return this.#ring.bytes;
  }

  /** End of the newest window that was ever sealed. */
  get newestEndMs(): number {
    return this.#ring.newestEndSecond * 1_000;
  }

  observe(stream: number, series: number, second: number, value: number): void {
    this.#open(stream, second).observe(series, value, this.#keyOf(value));
  }

  add(stream: number, series: number, second: number, histogram: ExponentialHistogram): void {
    this.#open(stream, second).add(series, histogram);
  }

  /** Seals the seconds of a stream that end at or before the watermark; tells each window that a series gained. */
  seal(stream: number, watermarkSecond: number, tell: (series: number, second: number) => void): void {
    this.#tell = tell;
    const windows = this.#streams[stream] as StreamWindows;
    const limit = Math.max(windows.sealedBefore, Math.floor(watermarkSecond));
    // Stamps far ahead of the clock, each in a second of its own, must not hold memory for ever.
    const isDue =
      windows.open.length > MAX_OPEN_SECONDS ? () => true : ({ second }: OpenSecond): boolean => second < limit;
    const due = windows.open.filter(isDue);
    windows.sealedBefore = limit;
    if (due.length === 0) return;
    windows.open = windows.open.filter((table) => !due.includes(table));
    for (const table of due.sort((a, b) => a.second - b.second)) this.#sealTable(table);
  }

  isLate(stream: number, second: number): boolean {
    return second < (this.#streams[stream] as StreamWindows).sealedBefore;
  }

  /** What a series had counted before the head's first window. */
  setTotal(series: number, total: ExponentialHistogram): void {
    const known = this.#totals[series];
    this.#totals[series] = known === undefined ? total : known.merge(total);
  }

  /** True while any window of the series is here, open or sealed. */
  holds(series: number): boolean {
    return this.#ring.holds(series) || this.#streams.some(({ open }) => open.some((table) => table.holds(series)));
  }

  /** Lets the total of a series go that has no window here. Its next window begins a new one; see `setTotal`. */
  forget(series: number): void {
    this.#totals[series] = undefined;
    this.#disordered.delete(series);
  }

  window(series: number, second: number, packed: PackedKeys, sum: number): void {
    const total = (this.#totals[series] ??= new ExponentialHistogram({ scale: this.#scale }));
    this.#note(series, second);
    if (total.scale === this.#scale) {
      addPacked(total, packed, { sum, sign: 1 });
      if (total.positive.size + total.negative.size > total.maxBuckets) total.downscale(total.scale - 1);
      this.#ring.push(series, second, packed, sum);
    } else this.merged(series, second, unpacked(packed, sum, this.#scale));
  }

  merged(series: number, second: number, histogram: ExponentialHistogram): void {
    const total = this.#totals[series];
    if (total === undefined) this.#totals[series] = histogram.clone();
    else total.merge(histogram);
    this.#note(series, second);
    this.#ring.pushObject(series, second, histogram);
  }

  hasWithin(series: number, startMs: number, endMs: number): boolean {
    const newest = { startMs, endMs, resolutionMs: 0, newestOfStep: true } as const;
    return this.#rows(series, newest).some(({ endMs: end }) => end <= endMs);
  }

  /**
   * Reads series by series what a request asks for: cumulative histograms at the ends of the windows in the range, thinned
   * to the asked resolution; as what each adds, where all are plain windows of observations. The series share columns.
   */
  reader(request: SelectRequest): DistributionReader {
    const columns = new WindowColumns(this.#scale);
    let built: HistogramColumns | undefined;
    const build = (): HistogramColumns => (built ??= columns.build());
    return { add: (series, labels) => this.#read(series, labels, { request, columns, build }) };
  }

  #read(series: number, labels: Labels, { request, columns, build }: Reading): (() => SeriesData) | undefined {
    const total = this.#totals[series];
    const rows = this.#rows(series, request);
    const stamps: number[] = [];
    for (const { endMs } of rows) if (endMs <= request.endMs) stamps.push(endMs);
    if (total === undefined || stamps.length === 0) return undefined;
    const head = { labels, levelsMs: SECONDS };
    if (total.scale !== this.#scale || rows.some(({ row }) => this.#ring.hasObject(row))) {
      const { timesMs, histograms } = this.#points(total, rows, request);
      return () => ({ ...head, timesMs, values: timesMs.map(() => NaN), histograms });
    }
    const first = columns.rows;
    let counted = 0;
    for (const { row } of rows) {
      columns.add(scratch, this.#ring.read(row, scratch) as number);
      counted += columns.lastCount;
    }
    const own = { first, to: columns.rows };
    const baseCount = total.count - counted;
    const numbers = new Uint32Array(stamps.length);
    for (let i = 0; i < numbers.length; i++) numbers[i] = first + i;
    const { timesMs, ends } = thinnedEnds(stamps, (timeMs) => stepOf(timeMs, request));
    const nextRow = this.#ring.nextRow;
    return () => {
      let base: ExponentialHistogram | undefined;
      const makeBase = (): ExponentialHistogram =>
        (base ??= this.#before(series, nextRow, { columns: build(), ...own }));
      const source = { columns: build(), rows: numbers, ends, baseCount };
      return distributionData(head, timesMs, new CumulativeHistograms(source, makeBase));
    };
  }

  /** What a series had counted at a read before the rows that were read; worked out later, from a total that went on. */
  #before(series: number, nextRow: number, { columns, first, to }: OwnRows): ExponentialHistogram {
    const total = this.#totals[series];
    if (this.#ring.firstRow > nextRow || total === undefined) {
      const message = 'memory was given up while the query ran, and with it the data that it began with; ask again';
      throw new TapewatchError('query.execution', message);
    }
    const base = total.clone();
    this.#ring.walk(series, (row) => {
      if (row >= nextRow) this.#apply(base, row, -1);
      return row >= nextRow;
    });
    for (let row = first; row < to; row++) base.subtract(ExponentialHistogram.decode(histogramAt(columns, row)));
    return base;
  }

  #points(total: ExponentialHistogram, rows: readonly Row[], request: SelectRequest) {
    const timesMs: number[] = [];
    const histograms: ExponentialHistogram[] = [];
    const running = total.clone();
    for (const { row } of rows) this.#apply(running, row, -1);
    for (let i = 0; i < rows.length; i++) {
      const { row, endMs } = rows[i] as Row;
      if (endMs > request.endMs) break;
      this.#apply(running, row, 1);
      const next = rows[i + 1]?.endMs ?? Infinity;
      if (next <= request.endMs && stepOf(endMs, request) === stepOf(next, request)) continue;
      timesMs.push(endMs);
      histograms.push(running.clone());
    }
    return { timesMs, histograms };
  }

  /** Forgets windows that start before the second; totals keep what they counted. */
  dropBefore(second: number): void {
    this.#ring.dropBefore(second);
  }

  /**
   * Rows of windows that end in the range or after it, ascending by time. Where only the newest of the range is looked at,
   * from that one on: all before it are in its total, and a look at an instant would walk through minutes of them.
   */
  #rows(series: number, { startMs, endMs, newestOfStep, resolutionMs }: RowRange): Row[] {
    const rows: Row[] = [];
    const disordered = this.#disordered.has(series);
    const isInstant = newestOfStep === true && resolutionMs === 0;
    this.#ring.walk(series, (row, second) => {
      const end = (second + 1) * 1_000;
      if (end >= startMs) rows.push({ row, endMs: end });
      return disordered || (end >= startMs && !(isInstant && end <= endMs));
    });
    rows.reverse();
    if (!disordered) return rows;
    rows.sort((a, b) => a.endMs - b.endMs);
    return isInstant
      ? rows.slice(
          Math.max(
            0,
            rows.findLastIndex((row) => row.endMs <= endMs),
          ),
        )
      : rows;
  }

  #apply(running: ExponentialHistogram, row: number, sign: 1 | -1): void {
    const sum = this.#ring.read(row, scratch);
    if (sum !== undefined && running.scale === this.#scale) return addPacked(running, scratch, { sum, sign });
    const histogram = sum === undefined ? this.#ring.object(row) : unpacked(scratch, sum, this.#scale);
    if (histogram === undefined) return;
    if (sign === 1) running.merge(histogram);
    else running.subtract(histogram);
  }

  #open(stream: number, second: number): OpenSecond {
    const { open } = this.#streams[stream] as StreamWindows;
    for (const table of open) if (table.second === second) return table;
    const table = this.#spare.pop() ?? new OpenSecond();
    table.second = second;
    open.push(table);
    return table;
  }

  #sealTable(table: OpenSecond): void {
    table.seal(this, this.#scale);
    if (this.#spare.length < MAX_OPEN_SECONDS) this.#spare.push(table);
  }

  #note(series: number, second: number): void {
    if (series >= this.#newestSecond.length) {
      const grown = new Uint32Array(Math.max(series + 1, this.#newestSecond.length * 2, 1_024));
      grown.set(this.#newestSecond);
      this.#newestSecond = grown;
    }
    if (second <= (this.#newestSecond[series] as number)) this.#disordered.add(series);
    else this.#newestSecond[series] = second;
    this.#tell(series, second);
  }
}

export interface DistributionReader {
  /** Undefined where the series has nothing in the range; else what makes its data, once all series are added. */
  add(series: number, labels: Labels): (() => SeriesData) | undefined;
}

interface Reading {
  readonly request: SelectRequest;
  readonly columns: WindowColumns;
  readonly build: () => HistogramColumns;
}

/** The rows of one series in columns that it shares. */
interface OwnRows {
  readonly columns: HistogramColumns;
  readonly first: number;
  readonly to: number;
}

type RowRange = Pick<SelectRequest, 'startMs' | 'endMs' | 'newestOfStep' | 'resolutionMs'>;

interface Row {
  readonly row: number;
  readonly endMs: number;
}

const scratch: PackedKeys = { keys: new Int32Array(256), counts: new Uint32Array(256), length: 0 };

function unpacked(packed: PackedKeys, sum: number, scale: number): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale });
  addPacked(histogram, packed, { sum, sign: 1 });
  return histogram;
}

/** Number of the step that a stamp falls in, counted from the end of the range, its own end inclusive. */
function stepOf(timeMs: number, { endMs, resolutionMs, newestOfStep }: SelectRequest): number {
  if (newestOfStep && resolutionMs === 0) return 0;
  return resolutionMs <= 1 ? timeMs : Math.ceil((timeMs - endMs) / resolutionMs);
}
