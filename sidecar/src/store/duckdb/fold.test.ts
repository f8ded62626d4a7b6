/** A fold in slices writes what one statement over all rows would, whatever a slice holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { runFold } from './fold.ts';
import { HISTOGRAM_SQL } from './histogram-columns.ts';
import { readRows } from './sql.ts';

const HOUR = 3_600;
const FROM = 490_000 * HOUR;
const HOURS = 3;

const folder = mkdtempSync(join(tmpdir(), 'tapewatch-fold-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Five series with gaps between their numbers; each has other bins, and one stands still for an hour. */
const MINUTES = `SELECT 1 + 4 * s AS series_id, (${FROM} + m * 60)::BIGINT * 1000000000 AS start_nanos,
    (3 + m % 2)::DOUBLE AS count, (m / 4.0)::DOUBLE AS sum, (s - m)::DOUBLE AS min, (s + m)::DOUBLE AS max,
    3::TINYINT AS scale, 0.0 AS zero_threshold, (m % 2)::DOUBLE AS zero_count, 0.0 AS nan_count,
    0.0 AS positive_infinity_count, 0.0 AS negative_infinity_count,
    [s, s + 2, s + 2 + m % 5 + 1]::INTEGER[] AS positive_indexes, [1.0, 1.0, 1.0] AS positive_counts,
    []::INTEGER[] AS negative_indexes, []::DOUBLE[] AS negative_counts, []::DOUBLE[] AS custom_bounds, false AS revised
  FROM range(5) series(s), range(${HOURS * 60}) minute(m) WHERE NOT (s = 2 AND m BETWEEN 60 AND 119)`;

/** The hours by SQL: bins one by one. */
const EXPECTED = `WITH cells AS (
    SELECT series_id, start_nanos // 3600000000000 AS hour, unnest(positive_indexes) AS bin, unnest(positive_counts) AS n
    FROM distribution_windows_1m),
  bins AS (SELECT series_id, hour, bin, sum(n) AS n FROM cells GROUP BY ALL),
  lists AS (SELECT series_id, hour, list(bin ORDER BY bin) AS i, list(n ORDER BY bin) AS c FROM bins GROUP BY ALL)
  SELECT series_id, hour, sum(count), sum(sum), min(min), max(max), sum(zero_count), any_value(i)::VARCHAR, any_value(c)::VARCHAR
  FROM (SELECT *, start_nanos // 3600000000000 AS hour FROM distribution_windows_1m) JOIN lists USING (series_id, hour)
  GROUP BY ALL ORDER BY 1, 2`;

const FOLDED = `SELECT series_id, start_nanos // 3600000000000, count, sum, min, max, zero_count, positive_indexes::VARCHAR,
    positive_counts::VARCHAR FROM distribution_windows_1h ORDER BY 1, 2`;

it.each([1, 2, 7, 40, 200, 10_000])('in slices of %i rows', async (sliceRows) => {
  const options = { path: join(folder, `${sliceRows}.duckdb`), memoryLimitMb: 64, threads: 1 };
  const store = new DuckDbStore(options);
  await store.open();
  await store.close();
  const database = await Database.open(options);
  const connection = await database.connect();
  await connection.run(
    `INSERT INTO distribution_windows_1m SELECT series_id, start_nanos, ${HISTOGRAM_SQL}, revised FROM (${MINUTES})`,
  );
  await runFold(connection, { kind: 'distribution', level: '1h', from: FROM, to: FROM + HOURS * HOUR }, sliceRows);
  const folded = await readRows(connection, FOLDED);
  expect(folded).toEqual(await readRows(connection, EXPECTED));
  expect(folded).toHaveLength(5 * HOURS - 1);
  database.close();
});
