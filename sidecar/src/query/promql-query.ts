/** Runs a PromQL document: macros, step, evaluation, and the tables of the asked format. */
import type { PromqlQuery } from '@tapewatch/contract';
import {
  Labels,
  type EvaluationRange,
  type MatrixSeries,
  type Notice,
  type QueryResult,
  type Table,
  type VectorSample,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { FindExemplars, PromqlEngine, QueryEnvelope } from '../ports.ts';
import { shapeOf, type ExpressionShape, type UnitOf } from './expression-shape.ts';
import { heatmapTables } from './heatmap-table.ts';
import { MAX_HEATMAP_STEPS, MAX_POINTS_PER_SERIES, refuseTooManyRows, rowsOf } from './limit.ts';
import { exemplarTables } from './exemplar-table.ts';
import { expandMacros } from './macro.ts';
import { emptyTable, longTable, noticesOf, numberTables, seriesTables, type Presentation } from './promql-table.ts';
import { worthOf } from './result-worth.ts';
import { parseStep, resolveStep } from './step.ts';

export interface PromqlPlan {
  readonly expr: string;
  readonly range: EvaluationRange;
  readonly instant: boolean;
  readonly notices: readonly Notice[];
}

/** Throws `query.invalid` for an empty expression or a bad step. */
export function planPromql(query: PromqlQuery, envelope: QueryEnvelope): PromqlPlan {
  if (query.expr.trim() === '') {
    throw new TapewatchError(
      'query.invalid',
      'expr: is empty; write a PromQL expression such as rate(fills_total[1m])',
    );
  }
  const minStepMs = parseStep(query.minStep, 'minStep');
  const instant = query.format === 'table' || (query.instant && query.format !== 'heatmap');
  const maxSteps = query.format === 'heatmap' ? MAX_HEATMAP_STEPS : MAX_POINTS_PER_SERIES - 1;
  const { range, notices } = resolveStep(envelope, minStepMs, maxSteps);
  const { startMs, endMs } = envelope;
  const expr = expandMacros(query.expr, { startMs, endMs, stepMs: range.stepMs, minStepMs });
  return { expr, range, instant, notices: instant ? [] : notices };
}

export interface PromqlDeps {
  readonly engine: PromqlEngine;
  readonly unitOf: UnitOf;
  readonly exemplars: FindExemplars;
}

export async function runPromql(
  query: PromqlQuery,
  envelope: QueryEnvelope,
  deps: PromqlDeps,
  signal?: AbortSignal,
): Promise<Table[]> {
  const plan = planPromql(query, envelope);
  const at = envelope.endMs;
  const range = plan.instant ? { startMs: at, endMs: at, stepMs: 0 } : plan.range;
  const wantsExemplars = query.exemplar && !plan.instant && query.format === 'time_series';
  const [result, exemplars] = await Promise.all([
    deps.engine.query(plan.expr, range, signal),
    wantsExemplars ? deps.exemplars(plan.expr, plan.range, signal) : [],
  ]);
  const shape = shapeOf(plan.expr, deps.unitOf);
  const how: Presentation = {
    expr: plan.expr,
    legendFormat: query.legendFormat,
    unit: shape.unit,
    stepMs: plan.range.stepMs,
    notices: [...plan.notices, ...noticesOf(result)],
    ...worthOf(plan.expr, result.stats),
  };
  const tables = present(query, result, how, shape);
  refuseTooManyRows(
    tables.reduce((sum, table) => sum + rowsOf(table), 0),
    'result rows',
  );
  return [...tables, ...exemplarTables(exemplars, shape.unit)];
}

function present(query: PromqlQuery, result: QueryResult, how: Presentation, shape: ExpressionShape): Table[] {
  if (result.type === 'string') return [textTable(result.value, how)];
  if (query.format === 'heatmap') return heatmapTables(matrixOf(result), how, shape);
  if (query.format === 'table') return longTable(vectorOf(result), how);
  return query.instant ? numberTables(vectorOf(result), how) : seriesTables(matrixOf(result), how);
}

function textTable(value: string, how: Presentation): Table {
  const table = emptyTable('table', how.expr, how.notices);
  return { ...table, fields: [{ name: 'Value', type: 'string', values: [value] }], visualisation: 'table' };
}

/** The last point of each series where a matrix came although an instant was asked. */
function vectorOf(result: QueryResult): readonly VectorSample[] {
  if (result.type === 'vector') return result.samples;
  if (result.type === 'scalar') return [{ labels: Labels.empty, timeMs: result.timeMs, value: result.value }];
  if (result.type === 'string') return [];
  return result.series.flatMap(({ labels, points }) => points.slice(-1).map((point) => ({ ...point, labels })));
}

function matrixOf(result: QueryResult): readonly MatrixSeries[] {
  if (result.type === 'matrix') return result.series;
  return vectorOf(result).map(({ labels, ...point }) => ({ labels, points: [point] }));
}
