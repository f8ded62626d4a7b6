/**
 * The series notation of test scripts: `name{label="value"} 1 2+3x4 _ _x2 stale {{schema:1 sum:2 count:3}}x5`.
 * `axN` is a and N repetitions, `a+bxN` is a and N steps of b.
 */
import { addHistograms, type ExponentialHistogram, Labels, parseDurationMs, subtractHistograms } from '@tapewatch/core';
import { parseHistogram } from './histogram-notation.ts';

/** One place of a sequence: a value, a histogram, a staleness marker, or nothing. */
export interface SequenceValue {
  readonly value?: number;
  readonly histogram?: ExponentialHistogram;
  readonly stale?: boolean;
}

export interface SeriesLine {
  readonly labels: Labels;
  readonly values: readonly SequenceValue[];
  /** Milliseconds from each sample back to the time at which it began to count (`@st` line); undefined is unknown. */
  readonly starts?: readonly (number | undefined)[];
}

/** An `@st` line: `name{labels}@st -1m -30sx2 _`, durations relative to the stamps of the line that follows. */
export function parseStartLine(text: string): { labels: Labels; starts: (number | undefined)[] } | undefined {
  const split = /^(\S*(?:\{.*\})?)@st\s+(.*)$/.exec(text);
  if (split === null) return undefined;
  const [, metric, sequence] = split as unknown as [string, string, string];
  return { labels: parseSeriesLine(metric).labels, starts: sequence.split(/\s+/).flatMap(expandStart) };
}

/** `d` once; `dxN` d and N repetitions; `d1-d2xN` d1 and N steps of d2. */
function expandStart(item: string): (number | undefined)[] {
  const gap = GAP.exec(item);
  if (gap !== null) return Array.from({ length: Number(gap[1] ?? 1) }, () => undefined);
  const match = /^([+-]?)(\d\w*?)(?:([+-])(\d\w*?))?(?:x(\d+))?$/.exec(item);
  const [first, step] = [match?.[2], match?.[4]].map((part) => (part === undefined ? 0 : parseDurationMs(part)));
  if (match === null || first === undefined || step === undefined)
    throw new Error(`${JSON.stringify(item)} is no start`);
  const start = match[1] === '-' ? -first : first;
  const delta = match[3] === '-' ? -step : step;
  return Array.from({ length: Number(match[5] ?? 0) + 1 }, (_, i) => start + i * delta);
}

export function parseSeriesLine(text: string): SeriesLine {
  const name = /^[a-zA-Z_:][\w:]*/.exec(text)?.[0] ?? '';
  let rest = text.slice(name.length).trimStart();
  const pairs: [string, string][] = name === '' ? [] : [['__name__', name]];
  if (rest.startsWith('{') && !rest.startsWith('{{')) {
    const end = closingBrace(rest);
    pairs.push(...labelPairs(rest.slice(1, end)));
    rest = rest.slice(end + 1);
  } else if (name === '') throw new Error(`${JSON.stringify(text)} is no series`);
  return { labels: Labels.from(pairs), values: sequenceOf(rest.trim()) };
}

function closingBrace(text: string): number {
  const end = /^\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}/.exec(text)?.[0].length;
  if (end === undefined) throw new Error(`no closing brace in ${JSON.stringify(text)}`);
  return end - 1;
}

function labelPairs(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = /^(?:(\w+)|("(?:[^"\\]|\\.)*"))\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,\s*|$)/.exec(rest);
    if (match === null) throw new Error(`bad labels ${JSON.stringify(text)}`);
    const [whole, bare, quoted, value] = match;
    pairs.push([bare ?? (JSON.parse(quoted as string) as string), JSON.parse(value as string) as string]);
    rest = rest.slice(whole.length);
  }
  return pairs;
}

const NUMBER = String.raw`[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`;
const NUMBERS = new RegExp(`^(${NUMBER})(?:([+-])(${NUMBER.slice(5)}))?(?:x(\\d+))?$`, 'i');
const GAP = /^_(?:x(\d+))?$/;
const HISTOGRAMS = /^(\{\{[^}]*\}\})(?:([+-])(\{\{[^}]*\}\}))?(?:x(\d+))?$/;

export function sequenceOf(text: string): SequenceValue[] {
  const items = text.match(/(?:\{\{[^}]*\}\}|[^\s{])+/g) ?? [];
  return items.flatMap(expand);
}

function expand(item: string): SequenceValue[] {
  if (item === 'stale') return [{ stale: true }];
  const gap = GAP.exec(item);
  if (gap !== null) return Array.from({ length: Number(gap[1] ?? 1) }, () => ({}));
  const numbers = NUMBERS.exec(item);
  if (numbers !== null) {
    const [, first, sign, step, times] = numbers;
    const start = toNumber(first as string);
    const delta = step === undefined ? 0 : toNumber(step) * (sign === '-' ? -1 : 1);
    if (times === undefined) return [{ value: start }];
    // Added up step by step, as the original does, so that rounding is the same.
    const values = [start];
    for (let i = 0; i < Number(times); i++) values.push((values[i] as number) + delta);
    return values.map((value) => ({ value }));
  }
  const histograms = HISTOGRAMS.exec(item);
  if (histograms === null) throw new Error(`${JSON.stringify(item)} is no value`);
  return expandHistograms(histograms);
}

function expandHistograms([, first, sign, step, times]: RegExpExecArray): SequenceValue[] {
  const start = parseHistogram(first as string);
  const delta = step === undefined ? undefined : parseHistogram(step);
  const values = [start];
  for (let i = 0; i < Number(times ?? 0); i++) {
    const last = values[i] as ExponentialHistogram;
    values.push(delta === undefined ? last.clone() : stepped(last, sign === '-', delta));
  }
  return values.map((histogram) => ({ histogram }));
}

function stepped(last: ExponentialHistogram, down: boolean, delta: ExponentialHistogram): ExponentialHistogram {
  const next = down ? subtractHistograms(last, delta) : addHistograms(last, delta);
  next.counterReset = last.counterReset;
  return next;
}

function toNumber(text: string): number {
  const lower = text.toLowerCase();
  if (/^[+-]?inf$/.test(lower)) return lower.startsWith('-') ? -Infinity : Infinity;
  return lower === 'nan' ? NaN : Number(lower);
}
