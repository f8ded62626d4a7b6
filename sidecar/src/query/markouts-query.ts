/** Answers a markouts query: for each group, makers and takers apart, what its fills were worth after each horizon. */
import type { MarkoutsQuery } from '@tapewatch/contract';
import {
  formatDurationMs,
  MarkoutBook,
  type MarkoutPoint,
  type Notice,
  type Table,
  type TableField,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { chanceOf } from './chance.ts';
import { groupValues, readExecution } from './execution-read.ts';
import { emptyTable } from './promql-table.ts';
import { QuoteAsks } from './quote-asks.ts';

const MARKOUT_TEXT =
  'Direction * (mid after the horizon - fill price) / fill price, mean of the fills in basis points; positive where the fill gained.';

export async function runMarkouts(
  query: MarkoutsQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const horizonsMs = [...new Set(query.horizonsMs)].sort((a, b) => a - b);
  const executedQuery = `markouts by ${query.by.join(', ') || 'nothing'} after ${horizonsMs.map(formatDurationMs).join(', ')}`;
  const { fills, lives, notices } = await readExecution(reader, envelope, query.filters, signal);
  const asks = new QuoteAsks({
    reader,
    maxQuoteAgeMs: query.maxQuoteAgeMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const later = (timeNanos: bigint): bigint[] => horizonsMs.map((ms) => timeNanos + BigInt(ms) * 1_000_000n);
  for (const fill of fills) for (const stamp of later(fill.timeNanos)) asks.at(fill, stamp);
  const answers = await asks.read();
  const book = new MarkoutBook(horizonsMs);
  for (const fill of fills) {
    const mids = later(fill.timeNanos).map((stamp) => answers.at(fill, stamp).mid ?? null);
    book.add(groupValues(query.by, fill, lives.of(fill)), fill, mids);
  }
  const points = book.points(chanceOf);
  const text = { executedQuery, notices: [...notices, ...answers.notices, ...missingNotice(points)] };
  return [markoutTable(points, query.by, { ...text, fromAlert: envelope.fromAlert })];
}

function missingNotice(points: readonly MarkoutPoint[]): Notice[] {
  const missing = points.reduce((sum, point) => sum + point.missing, 0);
  if (missing === 0) return [];
  const text = `${missing} markouts are missing: no quote, a stale or gapped feed, or past its end`;
  return [{ severity: 'info', text }];
}

function markoutTable(
  points: readonly MarkoutPoint[],
  by: readonly string[],
  text: { readonly executedQuery: string; readonly notices: readonly Notice[]; readonly fromAlert: boolean },
): Table {
  const { executedQuery, notices, fromAlert } = text;
  const table = emptyTable('numeric-long', executedQuery, notices);
  if (points.length === 0) return table;
  const bps = { type: 'number', unit: 'suffix:bps', decimals: 2 } as const;
  const count = { type: 'number', unit: 'locale', decimals: 0 } as const;
  const fields: TableField[] = [
    ...by.map((name, i): TableField => ({ name, type: 'string', values: points.map(({ group }) => group[i] ?? '') })),
    {
      name: 'liquidity',
      type: 'string',
      values: points.map(({ liquidity }) => liquidity || 'unknown'),
      description: 'Whether the fill made or took liquidity.',
    },
    { name: 'horizon', type: 'string', values: points.map(({ horizonMs }) => formatDurationMs(horizonMs)) },
    { name: 'markout', ...bps, values: points.map((point) => point.bps?.value ?? null), description: MARKOUT_TEXT },
  ];
  // A rule reads one number per label set.
  if (fromAlert) return { ...table, fields, visualisation: 'table' };
  const low = 'Lower end of the 95 % interval (block bootstrap over time).';
  fields.push(
    { name: 'markout_low', ...bps, values: points.map((point) => point.bps?.lower ?? null), description: low },
    {
      name: 'markout_high',
      ...bps,
      values: points.map((point) => point.bps?.upper ?? null),
      description: low.replace('Lower', 'Upper'),
    },
    {
      name: 'seconds',
      type: 'number',
      unit: 's',
      values: points.map(({ horizonMs }) => horizonMs / 1e3),
      description: 'The horizon.',
    },
    { name: 'fills', ...count, values: points.map((point) => point.fills), description: 'Fills with a mid then.' },
    { name: 'missing', ...count, values: points.map((point) => point.missing), description: 'Fills without one.' },
  );
  return { ...table, fields, visualisation: 'table' };
}
