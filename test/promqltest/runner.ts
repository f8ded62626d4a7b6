/**
 * Runs a script against our engine. One `eval` is one case, with its annotations. An instant case is run twice: at its
 * time, and as the middle step of a range query, which must give the same (unless the order is asked for, or the query
 * speaks of its own range).
 */
import { type EvaluationRange, evaluate, parse, plan, type QueryResult, type VectorSample } from '@tapewatch/core';
import { compileCapturing } from '../../sidecar/src/query/capturing-regex.ts';
import { difference } from './compare.ts';
import { type Annotation, type EvalCommand, type Expectation, parseScript, ScriptError } from './script.ts';
import { ScriptStorage } from './storage.ts';

export interface CaseResult {
  readonly line: number;
  readonly expr: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason: string;
}

export interface ScriptResult {
  readonly cases: readonly CaseResult[];
  /** Unknown directives and unreadable lines. A script with one runs nothing. */
  readonly problems: readonly string[];
}

const RANGE_CHECK_MS = 60_000;
const STATISTICS = /\bhistogram_(?:count|sum|avg)\(/;
const SPEAKS_OF_ITS_RANGE = /\b(?:step|range|start|end)\s*\(\s*\)/;

export function runScript(script: string): ScriptResult {
  try {
    const commands = parseScript(script);
    const storage = new ScriptStorage();
    const cases: CaseResult[] = [];
    for (const command of commands) {
      if (command.kind === 'clear') storage.clear();
      else if (command.kind === 'load') storage.load(command);
      else cases.push(runCase(command, storage));
    }
    return { cases, problems: [] };
  } catch (error) {
    if (error instanceof ScriptError) return { cases: [], problems: [error.message] };
    throw error;
  }
}

function runCase(command: EvalCommand, storage: ScriptStorage): CaseResult {
  const { line, expr } = command;
  const reason = failureOf(command, storage);
  return { line, expr, outcome: reason === undefined ? 'passed' : 'failed', reason: reason ?? '' };
}

function failureOf(command: EvalCommand, storage: ScriptStorage): string | undefined {
  const { startMs, endMs, stepMs } = command;
  const failure = checkQuery(command, storage, { startMs, endMs, stepMs });
  const instantOnly =
    stepMs !== 0 || command.ordered || command.rangeVector !== undefined || command.text !== undefined;
  if (failure !== undefined || instantOnly || SPEAKS_OF_ITS_RANGE.test(command.expr)) return failure;
  const around = { startMs: startMs - RANGE_CHECK_MS, endMs: startMs + RANGE_CHECK_MS, stepMs: RANGE_CHECK_MS };
  const inRange = checkQuery(command, storage, around);
  return inRange === undefined ? undefined : `as a range query: ${inRange}`;
}

function checkQuery(command: EvalCommand, storage: ScriptStorage, range: EvaluationRange): string | undefined {
  const fail = command.expectations.find(({ kind }) => kind === 'fail');
  let result: QueryResult;
  try {
    result = query(command.expr, storage, range);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (fail === undefined) return `error: ${message}`;
    return says(fail, [message]) ? undefined : `expected the error ${wanted(fail)}, got: ${message}`;
  }
  if (fail !== undefined) return 'expected an error, got an answer';
  const asRange = command.stepMs === 0 && range.stepMs !== 0;
  // The steps before and after may have more to say than the instant that the range query stands for.
  const silent = ({ kind }: Expectation): boolean => kind === 'no_warn' || kind === 'no_info';
  const expectations = command.expectations.filter((expectation) => !asRange || !silent(expectation));
  return (
    annotationDifference({ expectations }, result) ?? difference(command, asRange ? middleOf(result, command) : result)
  );
}

export function query(expr: string, storage: ScriptStorage, range: EvaluationRange): QueryResult {
  const planned = plan(parse(expr), range, { text: expr });
  const data = planned.selects.map((request) => storage.select(request, STATISTICS.test(expr)));
  // The scripts know what Prometheus says, not what we add.
  return evaluate(planned, data, { regex: compileCapturing, advice: false });
}

/** The answer of a range query at the time of the instant query that it stands for. */
function middleOf(result: QueryResult, { startMs, scalar }: EvalCommand): QueryResult {
  if (result.type !== 'matrix') return result;
  const samples = result.series.flatMap(({ labels, points }): VectorSample[] =>
    points.filter(({ timeMs }) => timeMs === startMs).map((point) => ({ labels, ...point })),
  );
  const { warnings, infos } = result;
  if (scalar !== undefined)
    return { type: 'scalar', timeMs: startMs, value: samples[0]?.value ?? NaN, warnings, infos };
  return { type: 'vector', samples, warnings, infos };
}

function annotationDifference(
  { expectations }: Pick<EvalCommand, 'expectations'>,
  { warnings, infos }: QueryResult,
): string | undefined {
  const given: Readonly<Record<Annotation, readonly string[]>> = { warn: warnings, info: infos, fail: [] };
  for (const expectation of expectations) {
    const { kind } = expectation;
    if (kind === 'no_warn' && warnings.length > 0) return `unexpected warning: ${warnings.join('; ')}`;
    if (kind === 'no_info' && infos.length > 0) return `unexpected info: ${infos.join('; ')}`;
    if ((kind === 'warn' || kind === 'info') && !says(expectation, given[kind])) {
      return `expected ${kind} ${wanted(expectation)}, got: ${given[kind].join('; ') || 'none'}`;
    }
  }
  return undefined;
}

function says({ text, pattern }: Expectation, texts: readonly string[]): boolean {
  if (text !== undefined) return texts.includes(text);
  if (pattern !== undefined) return texts.some((candidate) => new RegExp(pattern).test(candidate));
  return texts.length > 0;
}

function wanted({ text, pattern }: Expectation): string {
  return text ?? pattern ?? '(any)';
}
