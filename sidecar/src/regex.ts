/**
 * The regular expression engine of label matchers: RE2 syntax and RE2's linear-time promise, as Prometheus has it, so
 * that no pattern of a query can stall a thread by backtracking. Patterns are anchored at both ends by full matching.
 * Compiled patterns are kept, because dashboards repeat the same handful.
 */
import { RE2JS } from 're2js';
import type { RegexCompiler } from '@tapewatch/core';
import { TapewatchError } from './errors.ts';

/** Compiled patterns kept, oldest dropped first. */
const MAX_COMPILED = 256;
const compiled = new Map<string, (text: string) => boolean>();

/** Yields a full-match test. Throws `query.parse` when the pattern is not RE2 syntax. */
export const compileRegex: RegexCompiler = (pattern) => {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const test = build(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value as string);
  compiled.set(pattern, test);
  return test;
};

function build(pattern: string): (text: string) => boolean {
  try {
    // As Prometheus: a dot matches a line feed as well.
    const expression = RE2JS.compile(pattern, RE2JS.DOTALL);
    return (text) => expression.testExact(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapewatchError(
      'query.parse',
      `regular expression ${JSON.stringify(pattern)}: ${reason}; use RE2 syntax`,
      {
        cause,
      },
    );
  }
}
