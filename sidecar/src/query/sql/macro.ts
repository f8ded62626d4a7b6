/**
 * The macros of Grafana's SQL data sources, put in place before the text is parsed: what they become is checked like
 * anything that was typed. Times are literals of nanoseconds, in UTC. Macros within quotes and comments stay as they are.
 */
import { parseDurationMs } from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';

export interface MacroRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
}

/**
 * One piece of text at a time: a quoted text, a comment, or a macro with its arguments. Quotes inside arguments may hold
 * anything. A comment that nobody closes goes to the end, or each of many such would be looked for again.
 */
const PIECE =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)|\$__([A-Za-z_]+)(?:\(((?:[^()']|'[^']*'|\([^()]*\))*)\))?/g;

/** Throws `query.invalid` on a macro that is not known, or lacks its argument. */
export function expandMacros(sql: string, range: MacroRange): string {
  return sql.replace(PIECE, (piece, name: string | undefined, list: string | undefined) => {
    if (name === undefined) return piece;
    const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined;
    if (macro === undefined) {
      const known = Object.keys(MACROS).map((key) => `$__${key}`);
      throw invalid(`$__${name} is not a macro; known: ${known.join(', ')}`);
    }
    const texts = (list ?? '').trim() === '' ? [] : splitArguments(list as string);
    if (texts.length < macro.least) throw invalid(`$__${name} needs ${macro.least} arguments, got ${texts.length}`);
    // A macro without parentheses leaves what follows alone; `$__interval` is often part of a text.
    return macro.write(texts, range);
  });
}

interface Macro {
  readonly least: number;
  readonly write: (texts: readonly string[], range: MacroRange) => string;
}

const MACROS: Readonly<Record<string, Macro>> = {
  time: { least: 1, write: ([column]) => `${column} AS "time"` },
  timeEpoch: { least: 1, write: ([column]) => `epoch_ns(${column}) AS "time"` },
  timeFilter: {
    least: 1,
    write: ([column], { startMs, endMs }) => `(${column} >= ${stamp(startMs)} AND ${column} <= ${stamp(endMs)})`,
  },
  timeFrom: { least: 0, write: (_, { startMs }) => stamp(startMs) },
  timeTo: { least: 0, write: (_, { endMs }) => stamp(endMs) },
  timeGroup: { least: 2, write: ([column = '', width = ''], range) => bucket(column, width, range) },
  timeGroupAlias: {
    least: 2,
    write: ([column = '', width = ''], range) => `${bucket(column, width, range)} AS "time"`,
  },
  unixEpochFilter: {
    least: 1,
    write: ([column], { startMs, endMs }) =>
      `(${column} >= ${Math.floor(startMs / 1_000)} AND ${column} <= ${Math.floor(endMs / 1_000)})`,
  },
  unixEpochFrom: { least: 0, write: (_, { startMs }) => String(Math.floor(startMs / 1_000)) },
  unixEpochTo: { least: 0, write: (_, { endMs }) => String(Math.floor(endMs / 1_000)) },
  unixEpochNanoFilter: {
    least: 1,
    write: ([column], { startMs, endMs }) => `(${column} >= ${nanosOf(startMs)} AND ${column} <= ${nanosOf(endMs)})`,
  },
  unixEpochNanoFrom: { least: 0, write: (_, { startMs }) => nanosOf(startMs) },
  unixEpochNanoTo: { least: 0, write: (_, { endMs }) => nanosOf(endMs) },
  interval: {
    least: 0,
    write: (_, { intervalMs }) => `INTERVAL '${Math.max(1, Math.round(intervalMs))} milliseconds'`,
  },
  interval_ms: { least: 0, write: (_, { intervalMs }) => String(Math.max(1, Math.round(intervalMs))) },
};

function bucket(column: string, width: string, { intervalMs }: MacroRange): string {
  const text = width.replace(/^'(.*)'$/, '$1').trim();
  const isInterval = /^(?:\$__interval|INTERVAL '\d+ milliseconds')$/.test(text);
  const ms = isInterval ? Math.max(1, Math.round(intervalMs)) : parseDurationMs(text);
  if (ms === undefined || !(ms > 0)) throw invalid(`$__timeGroup: ${width} is not a duration such as '5m'`);
  return `time_bucket(INTERVAL '${ms} milliseconds', (${column})::TIMESTAMP)`;
}

function stamp(ms: number): string {
  return `make_timestamp_ns(${nanosOf(ms)})`;
}

function nanosOf(ms: number): string {
  return String(BigInt(Math.floor(ms)) * 1_000_000n);
}

/** At commas outside of parentheses and quotes. */
function splitArguments(list: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let current = '';
  for (const sign of list) {
    if (sign === "'") isQuoted = !isQuoted;
    else if (!isQuoted && sign === '(') depth++;
    else if (!isQuoted && sign === ')') depth--;
    if (sign === ',' && depth === 0 && !isQuoted) {
      texts.push(current.trim());
      current = '';
    } else current += sign;
  }
  return [...texts, current.trim()];
}

function invalid(text: string): TapewatchError {
  return new TapewatchError('query.invalid', `rawSql: ${text}`);
}
