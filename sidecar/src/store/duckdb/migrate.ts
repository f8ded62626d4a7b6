/**
 * Brings a file to the present schema, one version after the other, each in a transaction of its own together with its
 * row in `schema_version`. A file of a newer version is refused: a downgrade would misread it.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { FIRST_SCHEMA } from './migrations/0001-first.ts';
import { LADDER_SCHEMA } from './migrations/0002-ladder.ts';
import { SEGMENT_SCHEMA } from './migrations/0003-segments.ts';
import { EVENTS_SCHEMA } from './migrations/0004-events.ts';
import { TRADING_EVENTS_SCHEMA } from './migrations/0005-trading-events.ts';
import { LATE_SAMPLES_SCHEMA } from './migrations/0006-late-samples.ts';
import { EXCHANGE_LATENCY_SCHEMA } from './migrations/0007-exchange-latency.ts';
import { SEQUENCE_SCHEMA } from './migrations/0008-sequence.ts';
import { REVISED_TRANSITIONS_SCHEMA } from './migrations/0009-revised-transitions.ts';

/** Statements of version i + 1 stand at i. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  FIRST_SCHEMA,
  LADDER_SCHEMA,
  SEGMENT_SCHEMA,
  EVENTS_SCHEMA,
  TRADING_EVENTS_SCHEMA,
  LATE_SAMPLES_SCHEMA,
  EXCHANGE_LATENCY_SCHEMA,
  SEQUENCE_SCHEMA,
  REVISED_TRANSITIONS_SCHEMA,
];

export async function migrate(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run(
    'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL, applied_at TIMESTAMP NOT NULL)',
  );
  const present = await presentVersion(connection);
  if (present > MIGRATIONS.length) {
    throw new TapewatchError(
      'store.schema',
      `${path} has schema version ${present}, but this sidecar knows versions up to ${MIGRATIONS.length}; ` +
        'run the newer sidecar, or restore a backup that this one has written',
      { details: { present, known: MIGRATIONS.length } },
    );
  }
  for (let version = present + 1; version <= MIGRATIONS.length; version++) {
    await connection.run('BEGIN TRANSACTION');
    for (const statement of MIGRATIONS[version - 1] ?? []) await connection.run(statement);
    await connection.run(`INSERT INTO schema_version VALUES (${version}, now()::TIMESTAMP)`);
    await connection.run('COMMIT');
  }
}

async function presentVersion(connection: DuckDBConnection): Promise<number> {
  const result = await connection.run('SELECT coalesce(max(version), 0) FROM schema_version');
  const [row] = await result.getRows();
  return Number(row?.[0] ?? 0);
}
