/** A stream that the engine gives up ends like one that is complete: nobody may take it for that. */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { EventReads } from './event-reads.ts';
import { StreamEnded, streamColumns } from './vector-read.ts';

/** More than the engine makes before the first one is asked for. */
const ROWS = 3_000_000;

describe('a stream', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    connection = await instance.connect();
  });
  afterAll(() => instance.closeSync());

  const read = async (value: string): Promise<number> => {
    let rows = 0;
    const sql = `SELECT (${value})::UINTEGER FROM range(${ROWS}) t(i)`;
    await streamColumns(connection, sql, ['u32'], { rows: ROWS, visit: ([column]) => (rows += column.length) });
    return rows;
  };

  it('shows every row', async () => {
    expect(await read('i')).toBe(ROWS);
  });

  it('is told from one in which the engine failed', async () => {
    await expect(read(`CASE WHEN i = 2500000 THEN 'x' ELSE '1' END`)).rejects.toThrow(StreamEnded);
  });
});

describe('a read that streams', () => {
  class Reads extends EventReads {
    calls = 0;
    readonly #outcomes: readonly (Error | Float64Array)[];

    constructor(...outcomes: (Error | Float64Array)[]) {
      super();
      this.#outcomes = outcomes;
    }

    protected override read<T>(): Promise<T> {
      const outcome = this.#outcomes[this.calls++];
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome as T);
    }
  }
  const request = { instruments: [], startMs: 0, stepMs: 1, count: 0 };

  it('is made again, whole, when the stream ended early', async () => {
    const reads = new Reads(new StreamEnded(1, 2), Float64Array.of(7));
    expect(await reads.marks(request)).toEqual(Float64Array.of(7));
    expect(reads.calls).toBe(2);
  });

  it('fails with what the second one says, and at once for other reasons', async () => {
    await expect(new Reads(new StreamEnded(1, 2), new Error('checksum')).marks(request)).rejects.toThrow('checksum');
    const others = new Reads(new Error('busy'), Float64Array.of(7));
    await expect(others.marks(request)).rejects.toThrow('busy');
    expect(others.calls).toBe(1);
  });
});
