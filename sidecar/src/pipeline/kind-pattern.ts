/**
 * What kind a metric is that came as a gauge because its format cannot say more (line protocol, bare values): the stream's
 * configuration tells by name, with `*` for any characters, such as `*_total` for counters.
 */
import type { MetricKind } from '@tapewatch/core';

export interface KindPatterns {
  readonly counter: readonly string[];
  readonly observation: readonly string[];
}

/** The kind of a metric by its name, undefined where no pattern matches. Asked once a series, so nothing is cached. */
export function kindByName({ counter, observation }: KindPatterns): (name: string) => MetricKind | undefined {
  const tests = [
    ...observation.map((pattern) => ({ kind: 'observation' as const, matches: wildcard(pattern) })),
    ...counter.map((pattern) => ({ kind: 'counter' as const, matches: wildcard(pattern) })),
  ];
  return (name) => tests.find(({ matches }) => matches(name))?.kind;
}

/** Without regular expressions: linear in the name for each star, whatever the pattern. */
function wildcard(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === first;
  return (name) => {
    if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= name.length - last.length;
  };
}
