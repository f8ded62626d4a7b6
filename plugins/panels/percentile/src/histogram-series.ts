/**
 * Reads `heatmap-cells` frames into columns: for each time step the populated buckets, ascending. That is the shape the
 * Tapewatch data source sends for histograms and the one Prometheus' data source sends for native histograms: `xMax`
 * (or `xMin`) time, `yMin`, `yMax`, a number (`count`), optionally `yLayout`, which is not needed here.
 * Rows may come in any order; rows without a positive finite count or with impossible bounds are left out and counted.
 */
import type { DataFrame, Field, Labels } from '@grafana/data';

export interface HistogramSeries {
  readonly name: string;
  /** Milliseconds, ascending, one per step; a step's buckets count what fell in the interval that ends there. */
  readonly times: Float64Array;
  /** Buckets of step i are at offsets[i] .. offsets[i + 1] - 1 of the three columns below. */
  readonly offsets: Uint32Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly count: Float64Array;
  readonly intervalMs: number;
  /** Rows that could not be used. */
  readonly skipped: number;
}

export interface HistogramInput {
  readonly series: readonly HistogramSeries[];
  /** The bucket bound's field: unit, decimals, limits and thresholds of the panel come from its configuration. */
  readonly valueField: Field | undefined;
  /** Why nothing can be drawn although there is data; undefined when all is well or there is no data at all. */
  readonly problem: string | undefined;
}

const WRONG_SHAPE =
  'This panel draws whole distributions. Set the query format to "Heat map", and ask for buckets ' +
  '(fields xMax, yMin, yMax and a count), as sum(increase(order_ack_seconds[1m])) gives them.';

/** `fallbackIntervalMs` is the width of a step when there is only one and the frame does not say. */
export function readHistograms(frames: readonly DataFrame[], fallbackIntervalMs: number): HistogramInput {
  const series: HistogramSeries[] = [];
  let valueField: Field | undefined;
  let sawRows = false;
  for (const frame of frames) {
    sawRows ||= frame.length > 0;
    const cells = cellFields(frame);
    if (cells === undefined) continue;
    valueField ??= cells.upper;
    const read = readFrame(cells, fallbackIntervalMs, seriesName(frame, cells.count));
    if (read.times.length > 0) series.push(read);
  }
  const problem = series.length === 0 && sawRows ? WRONG_SHAPE : undefined;
  return { series, valueField, problem };
}

interface CellFields {
  readonly time: Field<number>;
  readonly stampIsStart: boolean;
  readonly lower: Field<number | null>;
  readonly upper: Field<number | null>;
  readonly count: Field<number | null>;
}

function cellFields(frame: DataFrame): CellFields | undefined {
  const time = frame.fields.find((field) => isOfType(field, 'time'));
  const lower = frame.fields.find((field) => field.name === 'yMin' && isOfType(field, 'number'));
  const upper = frame.fields.find((field) => field.name === 'yMax' && isOfType(field, 'number'));
  const count =
    frame.fields.find((field) => field.name === 'count' && isOfType(field, 'number')) ??
    frame.fields.find((field) => isOfType(field, 'number') && !/^(x|y)(Min|Max)?$|^yLayout$/.test(field.name));
  if (time === undefined || lower === undefined || upper === undefined || count === undefined) return undefined;
  if (frame.meta?.type !== undefined && (frame.meta.type as string) !== 'heatmap-cells') return undefined;
  return { time, stampIsStart: time.name === 'xMin', lower, upper, count };
}

/** By the enumeration's string: importing Grafana's library at run time would tie this file to a browser. */
function isOfType(field: Field, type: 'time' | 'number'): boolean {
  return (field.type as string) === type;
}

function readFrame(fields: CellFields, fallbackIntervalMs: number, name: string): HistogramSeries {
  const { time, lower, upper, count } = fields;
  const usable: number[] = [];
  for (let row = 0; row < time.values.length; row++) {
    if (isBucket(lower.values[row], upper.values[row], count.values[row])) usable.push(row);
  }
  if (!isOrdered(usable, time.values, lower.values)) {
    usable.sort((a, b) => at(time.values, a) - at(time.values, b) || at(lower.values, a) - at(lower.values, b));
  }
  const builder = new SeriesBuilder(usable.length);
  for (const row of usable) {
    builder.add(at(time.values, row), {
      lower: at(lower.values, row),
      upper: at(upper.values, row),
      count: at(count.values, row),
    });
  }
  const stated = time.config.interval;
  const series = builder.finish(name, stated ?? fallbackIntervalMs, stated !== undefined && stated !== null);
  const shift = fields.stampIsStart ? series.intervalMs : 0;
  return { ...series, times: series.times.map((stamp) => stamp + shift), skipped: time.values.length - usable.length };
}

function isBucket(lower: unknown, upper: unknown, count: unknown): boolean {
  return (
    typeof lower === 'number' &&
    typeof upper === 'number' &&
    typeof count === 'number' &&
    Number.isFinite(lower) &&
    Number.isFinite(upper) &&
    lower < upper &&
    count > 0 &&
    Number.isFinite(count)
  );
}

function isOrdered(rows: readonly number[], times: ArrayLike<unknown>, lowers: ArrayLike<unknown>): boolean {
  for (let i = 1; i < rows.length; i++) {
    const [before, now] = [rows[i - 1] as number, rows[i] as number];
    const step = at(times, now) - at(times, before);
    if (step < 0 || (step === 0 && at(lowers, now) < at(lowers, before))) return false;
  }
  return true;
}

function at(values: ArrayLike<unknown>, row: number): number {
  return values[row] as number;
}

function seriesName(frame: DataFrame, count: Field): string {
  const labels: Labels = count.labels ?? {};
  const pairs = Object.entries(labels).filter(([key]) => key !== '__name__');
  const display = count.config.displayNameFromDS ?? count.config.displayName;
  if (display !== undefined && display !== '') return display;
  if (pairs.length > 0) return pairs.map(([key, value]) => `${key}=${value}`).join(' ');
  return frame.name ?? labels['__name__'] ?? '';
}

export interface BucketCell {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Collects buckets in the order of time into the columns of a series. */
export class SeriesBuilder {
  readonly #times: number[] = [];
  readonly #offsets: number[] = [];
  readonly #lower: Float64Array;
  readonly #upper: Float64Array;
  readonly #count: Float64Array;
  #length = 0;

  constructor(capacity: number) {
    this.#lower = new Float64Array(capacity);
    this.#upper = new Float64Array(capacity);
    this.#count = new Float64Array(capacity);
  }

  add(timeMs: number, cell: BucketCell): void {
    if (this.#times.length === 0 || this.#times[this.#times.length - 1] !== timeMs) {
      this.#times.push(timeMs);
      this.#offsets.push(this.#length);
    }
    this.#lower[this.#length] = cell.lower;
    this.#upper[this.#length] = cell.upper;
    this.#count[this.#length] = cell.count;
    this.#length++;
  }

  /** Without a stated interval it is the smallest distance between two steps, and `intervalMs` only for a single step. */
  finish(name: string, intervalMs: number, stated: boolean): HistogramSeries {
    let interval = intervalMs;
    if (!stated && this.#times.length > 1) {
      interval = Infinity;
      for (let i = 1; i < this.#times.length; i++) {
        interval = Math.min(interval, (this.#times[i] as number) - (this.#times[i - 1] as number));
      }
    }
    return {
      name,
      times: Float64Array.from(this.#times),
      offsets: Uint32Array.from([...this.#offsets, this.#length]),
      lower: this.#lower.subarray(0, this.#length),
      upper: this.#upper.subarray(0, this.#length),
      count: this.#count.subarray(0, this.#length),
      intervalMs: interval,
      skipped: 0,
    };
  }
}
