/**
 * Label matchers with Prometheus semantics: a missing label has the empty value, regular expressions are anchored at
 * both ends. The regular expression engine is injected (RE2 syntax at the edge, so that no pattern can backtrack).
 */
import type { Labels } from './labels.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** Compiles an unanchored pattern into an anchored full-match test. Throws on a bad pattern. */
export type RegexCompiler = (pattern: string) => (text: string) => boolean;

/** Returns a test that tells whether a label set satisfies all matchers. Throws what `compile` throws. */
export function compileMatchers(matchers: readonly Matcher[], compile: RegexCompiler): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => compileMatcher(matcher, compile));
  return (labels) => tests.every((test) => test(labels));
}

function compileMatcher({ name, operator, value }: Matcher, compile: RegexCompiler): (labels: Labels) => boolean {
  switch (operator) {
    case '=':
      return (labels) => labels.get(name) === value;
    case '!=':
      return (labels) => labels.get(name) !== value;
    case '=~': {
      const matches = compile(value);
      return (labels) => matches(labels.get(name));
    }
    case '!~': {
      const matches = compile(value);
      return (labels) => !matches(labels.get(name));
    }
  }
}
