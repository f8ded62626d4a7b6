/** Relabelling beside Prometheus's own package: each case's answer was printed by `model/relabel` of module v0.308.1. */
import { relabelRuleSchema } from '@tapewatch/contract';
import { parse } from 'yaml';
import { z } from 'zod';
import { compileRelabelling } from './relabel.ts';
import cases from './testing/relabel-cases.json';

describe('relabels as Prometheus does', () => {
  it.each(cases)('$name', ({ rules, labels, kept, result }) => {
    const relabel = compileRelabelling(z.array(relabelRuleSchema).parse(parse(rules)));
    const working = new Map(Object.entries(labels as unknown as Record<string, string>));
    expect(relabel(working)).toBe(kept);
    if (kept) expect(Object.fromEntries(working)).toEqual(result);
  });
});

it('a pattern that would take a backtracking engine for ever is answered at once', () => {
  const rules = z.array(relabelRuleSchema).parse([{ source_labels: ['a'], regex: '(a+)+b', action: 'keep' }]);
  expect(compileRelabelling(rules)(new Map([['a', 'a'.repeat(5_000)]]))).toBe(false);
});
