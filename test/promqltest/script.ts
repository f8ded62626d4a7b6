/**
 * Prometheus's test script language, read into commands. A blank or comment line ends a block. Every line that is not
 * understood is an error with its number: nothing is passed over.
 * Source: Prometheus repository, promql/promqltest/README.md.
 */
import { parseDurationMs, unquote } from '@tapewatch/core';
import { parseSeriesLine, parseStartLine, type SeriesLine, sequenceOf, type SequenceValue } from './series-notation.ts';

export interface LoadCommand {
  readonly kind: 'load';
  readonly line: number;
  readonly stepMs: number;
  readonly withCustomBuckets: boolean;
  readonly series: readonly SeriesLine[];
}

export type Annotation = 'fail' | 'warn' | 'info';

/** What an `expect` line says about errors and annotations; a text or pattern of undefined means any. */
export interface Expectation {
  readonly kind: Annotation | 'no_warn' | 'no_info';
  readonly text?: string;
  readonly pattern?: string;
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly expr: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant. */
  readonly stepMs: number;
  readonly ordered: boolean;
  readonly expectations: readonly Expectation[];
  readonly series: readonly SeriesLine[];
  readonly scalar?: SequenceValue;
  readonly text?: string;
  /** Stamps of the values of an expected range vector. */
  readonly rangeVector?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
}

export interface ClearCommand {
  readonly kind: 'clear';
  readonly line: number;
}

export type Command = LoadCommand | EvalCommand | ClearCommand;

export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
  }
}

export function parseScript(script: string): Command[] {
  const lines = script.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()));
  const commands: Command[] = [];
  for (let i = 0; i < lines.length; i++) {
    const text = lines[i] as string;
    if (text === '') continue;
    const block: Block = { line: i + 1, head: text, body: [] };
    const isBlock = text.startsWith('load') || text.startsWith('eval');
    while (isBlock && i + 1 < lines.length && lines[i + 1] !== '') {
      i++;
      block.body.push({ line: i + 1, text: lines[i] as string });
    }
    commands.push(parseCommand(block));
  }
  return commands;
}

interface Block {
  readonly line: number;
  readonly head: string;
  readonly body: { line: number; text: string }[];
}

const LOAD = /^load(_with_nhcb)?\s+(\S+)$/;
const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(\S+)\s+(.+)$/;
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;

function parseCommand(block: Block): Command {
  const { line, head } = block;
  if (head === 'clear') return { kind: 'clear', line };
  const load = LOAD.exec(head);
  if (load !== null) {
    const stepMs = durationOf(load[2] as string, line);
    const series = seriesOf(block);
    return { kind: 'load', line, stepMs, withCustomBuckets: load[1] !== undefined, series };
  }
  const instant = INSTANT.exec(head);
  if (instant !== null) {
    const [, style, at, expr] = instant as unknown as [string, string | undefined, string, string];
    const atMs = durationOf(at, line);
    return parseEval(block, style, { expr, startMs: atMs, endMs: atMs, stepMs: 0 });
  }
  const range = RANGE.exec(head);
  if (range !== null) {
    const [, style, from, to, step, expr] = range as unknown as [
      string,
      string | undefined,
      string,
      string,
      string,
      string,
    ];
    const [startMs, endMs, stepMs] = [from, to, step].map((text) => durationOf(text, line)) as [number, number, number];
    return parseEval(block, style, { expr, startMs, endMs, stepMs });
  }
  throw new ScriptError(line, `unknown directive ${JSON.stringify(head)}`);
}

/** A line of start times belongs to the line of samples after it. */
function seriesOf({ body }: Block): SeriesLine[] {
  const series: SeriesLine[] = [];
  let pending: ReturnType<typeof parseStartLine>;
  for (const { line, text } of body) {
    const starts = located(line, () => parseStartLine(text));
    if (starts === undefined) {
      const samples = located(line, () => parseSeriesLine(text));
      if (pending !== undefined && !pending.labels.equals(samples.labels)) {
        throw new ScriptError(line, '@st metric does not match the following sample line metric');
      }
      series.push(pending === undefined ? samples : { ...samples, starts: pending.starts });
    }
    pending = starts;
  }
  if (pending !== undefined) throw new ScriptError(body.at(-1)?.line ?? 0, '@st line has no following sample line');
  return series;
}

type Query = Pick<EvalCommand, 'expr' | 'startMs' | 'endMs' | 'stepMs'>;

interface Draft {
  ordered: boolean;
  expectations: Expectation[];
  series: SeriesLine[];
  scalar?: SequenceValue;
  text?: string;
  rangeVector?: { startMs: number; endMs: number; stepMs: number };
}

function parseEval(block: Block, style: string | undefined, query: Query): EvalCommand {
  const draft: Draft = { ordered: style === 'ordered', expectations: [], series: [] };
  if (style === 'fail' || style === 'warn' || style === 'info') draft.expectations.push({ kind: style });
  for (const { line, text } of block.body) {
    if (text.startsWith('expect ')) expectLine(draft, text.slice(7).trim(), line);
    else if (/^expected_fail_(message|regexp)\s/.test(text)) expectedFail(draft, text);
    else if (isNumber(text)) draft.scalar = { value: numberOf(text) };
    else draft.series.push(located(line, () => parseSeriesLine(text)));
  }
  return { kind: 'eval', line: block.line, ...query, ...draft };
}

const EXPECT = /^(fail|warn|info|no_warn|no_info)(?:\s+(msg|regex):\s*(.*))?$/;
const RANGE_VECTOR = /^range vector from (\S+) to (\S+) step (\S+)$/;

function expectLine(draft: Draft, text: string, line: number): void {
  const annotation = EXPECT.exec(text);
  const rangeVector = RANGE_VECTOR.exec(text);
  if (annotation !== null) {
    const [, kind, mode, value = ''] = annotation as unknown as [string, Expectation['kind'], string?, string?];
    const detail = mode === 'msg' ? { text: value } : mode === 'regex' ? { pattern: value } : {};
    draft.expectations.push({ kind, ...detail });
  } else if (rangeVector !== null) {
    const [startMs, endMs, stepMs] = rangeVector.slice(1).map((part) => durationOf(part, line)) as [
      number,
      number,
      number,
    ];
    draft.rangeVector = { startMs, endMs, stepMs };
  } else if (text === 'ordered') draft.ordered = true;
  else if (text.startsWith('string ')) draft.text = located(line, () => textOf(text.slice(7)));
  else throw new ScriptError(line, `unknown expectation ${JSON.stringify(text)}`);
}

function textOf(literal: string): string {
  const text = unquote(literal.trim());
  if (text === undefined) throw new Error(`${literal} is no string literal`);
  return text;
}

function expectedFail(draft: Draft, text: string): void {
  const [, mode, value] = /^expected_fail_(message|regexp)\s+(.*)$/.exec(text) as unknown as [string, string, string];
  draft.expectations.push({ kind: 'fail', ...(mode === 'message' ? { text: value } : { pattern: value }) });
}

function isNumber(text: string): boolean {
  return /^[+-]?(inf|nan|\d+\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?)$/i.test(text);
}

function numberOf(text: string): number {
  return sequenceOf(text)[0]?.value as number;
}

function durationOf(text: string, line: number): number {
  const ms = parseDurationMs(text) ?? (/^\d+$/.test(text) ? Number(text) * 1000 : undefined);
  if (ms === undefined) throw new ScriptError(line, `${JSON.stringify(text)} is no duration`);
  return ms;
}

function located<T>(line: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ScriptError(line, error instanceof Error ? error.message : String(error));
  }
}
