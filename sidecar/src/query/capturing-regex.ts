/** RE2 for `label_replace`: a full match with its groups. Compiled patterns are kept, as for label matchers. */
import type { CapturingRegexCompiler } from '@tapewatch/core';
import { RE2JS } from 're2js';

/** Compiled patterns kept, oldest dropped first. */
const MAX_COMPILED = 64;
const compiled = new Map<string, RE2JS>();

/** Throws re2js's syntax error on a bad pattern. */
export const compileCapturing: CapturingRegexCompiler = (pattern) => {
  const expression = expressionOf(pattern);
  const names = Object.keys(expression.namedGroups());
  return (text) => {
    const matcher = expression.matcher(text);
    if (!matcher.matches()) return undefined;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
    const named = Object.fromEntries(names.map((name) => [name, matcher.group(name) ?? undefined]));
    return { groups, named };
  };
};

function expressionOf(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  // As Prometheus: a dot matches a line feed as well.
  const expression = RE2JS.compile(pattern, RE2JS.DOTALL);
  if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value as string);
  compiled.set(pattern, expression);
  return expression;
}
