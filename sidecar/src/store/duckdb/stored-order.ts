/**
 * Rows in the order in which they are stored, without sorting them: each of the engine's threads gives what it has read in
 * that order, one after the other. So an answer is a few ascending runs, and they are put together by stretches; only
 * where there are many the statement runs again and sorts, which takes several times as long as reading.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Parameters } from './sql.ts';
import { readColumns, type ColumnsOf, type ColumnType } from './vector-read.ts';

/** More runs than this are sorted. */
const MAX_RUNS = 64;

type Plain = Exclude<ColumnType, `${string}[]`>;

/** The statement's last column is the number of the row (`rowid`) as a double. */
export async function readStored<const T extends readonly Plain[]>(
  connection: DuckDBConnection,
  sql: string,
  types: readonly [...T, 'f64'],
  parameters?: Parameters,
): Promise<ColumnsOf<[...T, 'f64']>> {
  const read = (text: string) => readColumns<readonly [...T, 'f64']>(connection, text, types, parameters);
  const columns = await read(sql);
  const stretches = stretchesOf(columns.at(-1) as Float64Array);
  if (stretches === undefined) return read(`${sql} ORDER BY ${types.length}`);
  if (stretches.length <= 1) return columns;
  return columns.map((column) => joined(column as Float64Array, stretches)) as unknown as typeof columns;
}

export function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) return false;
  return true;
}

interface Stretch {
  from: number;
  /** Exclusive. */
  to: number;
}

/** What to put one after the other so that the values ascend; undefined where they are no few runs. */
export function stretchesOf(values: Float64Array): Stretch[] | undefined {
  const runs: Stretch[] = [];
  for (let i = 0, from = 0; i < values.length; i++) {
    if (i + 1 < values.length && (values[i + 1] as number) >= (values[i] as number)) continue;
    if (runs.push({ from, to: i + 1 }) > MAX_RUNS) return undefined;
    from = i + 1;
  }
  const stretches: Stretch[] = [];
  const head = ({ from, to }: Stretch): number => (from < to ? (values[from] as number) : Infinity);
  for (let left = values.length; left > 0;) {
    runs.sort((a, b) => head(a) - head(b));
    const [first, second] = runs as [Stretch, Stretch?];
    const { from } = first;
    const until = second === undefined ? Infinity : head(second);
    first.from = Math.max(from + 1, firstFrom(values, until, first));
    stretches.push({ from, to: first.from });
    left -= first.from - from;
  }
  return stretches;
}

/** Of an ascending run, the first place whose value is not below. */
function firstFrom(values: Float64Array, value: number, { from, to }: Stretch): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joined(column: Float64Array, stretches: readonly Stretch[]): Float64Array {
  // Whatever it is an array of.
  const Type = column.constructor as Float64ArrayConstructor;
  const all = new Type(column.length);
  let at = 0;
  for (const { from, to } of stretches) {
    all.set(column.subarray(from, to), at);
    at += to - from;
  }
  return all;
}
