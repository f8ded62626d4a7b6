/** What zod found, in one sentence that names the field, the value seen and what is expected. */
import type { z } from 'zod';
import { LABEL_NAME_MAX_BYTES, LABEL_VALUE_MAX_BYTES } from './limit.ts';
import { Fault, type ProblemReason, shown } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** The first issue only: one item is one dead letter, and its first fault is enough to mend it. */
export function schemaFault(error: z.ZodError, item: unknown): Fault {
  const issue = error.issues[0] as Issue;
  const field = issue.path.length === 0 ? 'message' : issue.path.map(String).join('.').slice(0, 120);
  const seen = shown(valueAt(item, issue.path));
  return new Fault(reasonOf(issue, item), `${field}: ${expectation(issue)}, got ${seen}`);
}

function expectation(issue: Issue): string {
  if (issue.code !== 'invalid_union') return issue.message;
  if (isTime(issue)) return 'expected digits of nanoseconds, RFC 3339 with zone, or a number since 1970';
  const options = issue.errors.flat().map((inner) => inner.message);
  return options.length === 0 ? issue.message : [...new Set(options)].join(' or ');
}

function isTime({ path }: Issue): boolean {
  const last = String(path.at(-1) ?? '');
  return last.endsWith('time') || last === 'timestamp';
}

function reasonOf(issue: Issue, item: unknown): ProblemReason {
  // A number or a text out of bounds, such as a stamp before 1970; anything else is of the wrong type.
  if (isTime(issue)) return ['number', 'string'].includes(typeof valueAt(item, issue.path)) ? 'time' : 'schema';
  if (issue.path[0] !== 'labels' || issue.path.length < 2) return 'schema';
  const name = String(issue.path[1]);
  const value = valueAt(item, issue.path.slice(0, 2));
  const tooLong =
    name.length > LABEL_NAME_MAX_BYTES || (typeof value === 'string' && value.length > LABEL_VALUE_MAX_BYTES);
  return tooLong ? 'label_limit' : 'schema';
}

function valueAt(item: unknown, path: readonly PropertyKey[]): unknown {
  let value = item;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
