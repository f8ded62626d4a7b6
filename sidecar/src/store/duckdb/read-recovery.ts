/** What a restart needs: series, marks of durable logs and of sealed windows, and the alerts that are still open. */
import { DuckDBMapValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { Labels, type SeriesDefinition, type SeriesKind } from '@tapewatch/core';
import type { Recovery, TransitionRow } from '../../ports.ts';
import { nanosAt } from './fold.ts';
import { readRows, within } from './sql.ts';
import { readMarks } from './restore-ladder.ts';
import { OWN_MARK_PREFIX } from './write-batch.ts';

const TRANSITION_COLUMNS =
  'time_nanos, rule, rule_group, labels, from_state, to_state, reason, value, active_at_nanos, annotations, revised';

/** Row numbers of the latest transition of every alert that is open; revised ones tell of the past only. */
export const OPEN_TRANSITIONS = `
  SELECT row_number_of_latest FROM (
    SELECT arg_max(rowid, (time_nanos, rowid)) AS row_number_of_latest, arg_max(to_state, (time_nanos, rowid)) AS state
    FROM transitions WHERE revised IS NOT TRUE GROUP BY rule_group, rule, labels) WHERE state <> 'inactive'`;

export async function readRecovery(connection: DuckDBConnection): Promise<Recovery> {
  const series = await readSeries(connection);
  const positions = await readRows(connection, 'SELECT log, sequence FROM positions');
  const { distribution } = await readMarks(connection);
  const streams = [...new Set(series.map(({ stream }) => stream))].sort();
  const open = await readRows(
    connection,
    `SELECT ${TRANSITION_COLUMNS} FROM transitions WHERE rowid IN (${OPEN_TRANSITIONS}) ORDER BY time_nanos, rowid`,
  );
  return {
    series,
    positions: positions
      .map(([log, sequence]) => ({ log: log as string, sequence: Number(sequence) }))
      .filter(({ log }) => !log.startsWith(OWN_MARK_PREFIX))
      .sort((a, b) => compare(a.log, b.log)),
    // One ladder serves every stream.
    sealed: streams.map((stream) => ({ stream, untilNanos: nanosAt(distribution['1s']) })),
    openAlerts: open.map(transitionFrom),
  };
}

export async function readSeries(connection: DuckDBConnection): Promise<SeriesDefinition[]> {
  const rows = await readRows(connection, 'SELECT id, labels, kind, stream, unit, help FROM series ORDER BY id');
  return rows.map(seriesFrom);
}

export async function readTransitions(
  connection: DuckDBConnection,
  { startNanos, endNanos, limit }: { startNanos: bigint; endNanos: bigint; limit: number },
): Promise<TransitionRow[]> {
  const rows = await readRows(
    connection,
    `SELECT ${TRANSITION_COLUMNS} FROM transitions WHERE ${within('time_nanos', startNanos, endNanos)}
     ORDER BY time_nanos, rowid LIMIT ${Math.max(0, Math.floor(limit))}`,
  );
  return rows.map(transitionFrom);
}

function seriesFrom([id, labels, kind, stream, unit, help]: DuckDBValue[]): SeriesDefinition {
  return {
    id: id as number,
    labels: Labels.from(pairsOf(labels)),
    kind: kind as SeriesKind,
    stream: stream as string,
    unit: unit as string,
    help: help as string,
  };
}

function transitionFrom(values: DuckDBValue[]): TransitionRow {
  const [timeNanos, rule, group, labels, from, to, reason, value, activeAtNanos, annotations, revised] = values;
  return {
    timeNanos: timeNanos as bigint,
    rule: rule as string,
    group: group as string,
    labels: Labels.from(pairsOf(labels)),
    from: from as string,
    to: to as string,
    reason: reason as string,
    value: value as number,
    activeAtNanos: activeAtNanos as bigint,
    annotations: Object.fromEntries(pairsOf(annotations)),
    ...(revised === true ? { revised } : {}),
  };
}

function pairsOf(map: DuckDBValue | undefined): [string, string][] {
  if (!(map instanceof DuckDBMapValue)) return [];
  return map.entries.map(({ key, value }) => [key as string, value as string]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
