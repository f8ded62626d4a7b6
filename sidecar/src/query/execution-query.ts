/**
 * Answers an execution query: what fills cost against a benchmark, the shortfall by its parts, spreads, what became of
 * orders, latencies, and what could be improved; as a table, over time, or as a list of opportunities.
 */
import type { ExecutionQuery } from '@tapewatch/contract';
import {
  ExecutionBook,
  findOpportunities,
  NO_BENCHMARK_REASONS,
  type ExecutionRow,
  type Notice,
  type Opportunity,
  type OpportunityKind,
  type Table,
  type TableField,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { chanceOf } from './chance.ts';
import { EXCLUSION_TEXTS, executionColumns } from './execution-column.ts';
import { measureExecution, type Measurements } from './execution-measure.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import { resolveStep } from './step.ts';
import { groupTables, reportTable, type Column, type GroupSeries } from './trading-table.ts';

export async function runExecution(
  query: ExecutionQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const by = query.by.join(', ') || 'nothing';
  const executedQuery = `execution against ${query.benchmark} by ${by}, ${query.shortfall} shortfall`;
  const measurements = await measureExecution(query, envelope, reader, signal);
  if (query.format === 'time_series' && !envelope.fromAlert) {
    return executionOverTime(measurements, query, envelope, executedQuery);
  }
  const rows = bookOf(measurements).rows(chanceOf);
  const text = { executedQuery, notices: [...measurements.notices, ...exclusions(rows)] };
  // A rule reads one number per label set: several columns would be duplicates to it.
  if (query.format === 'opportunities') {
    const columns = envelope.fromAlert ? [EXCESS] : OPPORTUNITY_COLUMNS;
    return [reportTable(findOpportunities(rows).map(withText), [...query.by, 'finding'], columns, text)];
  }
  if (envelope.fromAlert) return [reportTable(rows, query.by, [figureOf(query)], text)];
  const table = reportTable(rows, query.by, executionColumns(query), text);
  return [rows.length === 0 ? table : { ...table, fields: [...table.fields, rejectReasons(rows)] }];
}

function bookOf({ fills, orders }: Pick<Measurements, 'fills' | 'orders'>): ExecutionBook {
  const book = new ExecutionBook();
  for (const { key, measured } of fills) book.addFill(key, measured);
  for (const { key, measured } of orders) book.addOrder(key, measured);
  return book;
}

/** The column that a chart or a rule shows; every figure is one. */
function figureOf(query: ExecutionQuery): Column<ExecutionRow> {
  const columns = executionColumns(query);
  return columns.find(({ name }) => name === query.figure) ?? (columns[0] as Column<ExecutionRow>);
}

/** A point holds the fills, and the orders that arrived, of the step that ends at it. */
function executionOverTime(
  measurements: Measurements,
  query: ExecutionQuery,
  envelope: QueryEnvelope,
  executedQuery: string,
): Table[] {
  const { range, notices } = resolveStep(envelope, 0, MAX_POINTS_PER_SERIES - 1);
  const { fills, orders } = measurements;
  const steps = new Map<number, { fills: (typeof fills)[number][]; orders: (typeof orders)[number][] }>();
  const at = (timeNanos: bigint) => {
    const endMs = Math.ceil(Number(timeNanos) / 1e6 / range.stepMs) * range.stepMs;
    let step = steps.get(endMs);
    if (step === undefined) steps.set(endMs, (step = { fills: [], orders: [] }));
    return step;
  };
  for (const fill of fills) at(fill.measured.fill.timeNanos).fills.push(fill);
  for (const order of orders) at(order.measured.life.arrivalNanos).orders.push(order);
  const { value, name, description, unit } = figureOf(query);
  const series = new Map<string, GroupSeries>();
  for (const [timeMs, step] of [...steps].sort(([a], [b]) => a - b)) {
    for (const row of bookOf(step).rows()) {
      const { group, currency } = row;
      const id = JSON.stringify([group, currency]);
      let one = series.get(id);
      if (one === undefined) series.set(id, (one = { group, currency, timesMs: [], values: [] }));
      one.timesMs.push(timeMs);
      one.values.push(value(row));
    }
  }
  const sorted = [...series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const text = {
    executedQuery,
    notices: [...notices, ...measurements.notices, ...exclusions(bookOf(measurements).rows())],
  };
  return groupTables(sorted, query.by, { ...text, valueName: name, description, unit, stepMs: range.stepMs });
}

function exclusions(rows: readonly ExecutionRow[]): Notice[] {
  const counts = NO_BENCHMARK_REASONS.map((reason) => ({
    reason,
    fills: rows.reduce((sum, { excluded }) => sum + excluded[reason], 0),
  })).filter(({ fills }) => fills > 0);
  if (counts.length === 0) return [];
  const list = counts.map(({ reason, fills }) => `${fills} ${EXCLUSION_TEXTS[reason]}`).join(', ');
  return [{ severity: 'info', text: `fills without a benchmark, left out: ${list}` }];
}

function rejectReasons(rows: readonly ExecutionRow[]): TableField {
  const text = ({ rates }: ExecutionRow): string =>
    Object.entries(rates.rejects)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${reason || 'no reason given'} ${count}`)
      .join(', ');
  return { name: 'reject_reasons', type: 'string', values: rows.map(text), description: 'Rejects by reason.' };
}

const FINDINGS: Readonly<Record<OpportunityKind, string>> = {
  costlier_than_others:
    'costs more than the others under the same conditions: send elsewhere what can be sent elsewhere',
  rejected_more_often: 'is refused more often than the others: look at the reasons',
  adverse_selection: 'earns less spread than the market takes back: quote wider or cancel sooner',
};

function withText(found: Opportunity) {
  return { ...found, group: [...found.group, FINDINGS[found.kind]] };
}

const EXCESS: Column<Opportunity> = {
  name: 'excess',
  value: ({ kind, excess }) => (kind === 'rejected_more_often' ? excess.value * 100 : excess.value),
  unit: 'short',
  decimals: 2,
  description: 'Basis points of cost, or percentage points of rejects, beyond the others.',
};

const OPPORTUNITY_COLUMNS: readonly Column<Opportunity>[] = [
  {
    name: 'saving',
    value: ({ saving }) => saving,
    unit: 'money',
    description: 'What the range would have saved; empty where it is no matter of price.',
  },
  EXCESS,
  {
    name: 'excess_low',
    value: ({ kind, excess }) => scaled(kind, excess.lower),
    unit: 'short',
    decimals: 2,
    description: 'Lower end of the 95 % interval.',
  },
  {
    name: 'excess_high',
    value: ({ kind, excess }) => scaled(kind, excess.upper),
    unit: 'short',
    decimals: 2,
    description: 'Upper end of the 95 % interval.',
  },
  {
    name: 'evidence',
    value: ({ evidence }) => evidence,
    unit: 'locale',
    decimals: 0,
    description: 'Matched buckets, orders or fills that it rests on.',
  },
];

function scaled(kind: OpportunityKind, bound: number | null): number | null {
  return bound === null || kind !== 'rejected_more_often' ? bound : bound * 100;
}
