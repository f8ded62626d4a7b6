/** The Alertmanager file from disk, and its routes as the tree that `core/alert` walks. */
import { readFile } from 'node:fs/promises';
import { compileMatchers, type Labels, type Matcher, type RegexCompiler, type Route } from '@tapewatch/core';
import {
  DEFAULT_ALERTMANAGER,
  ROUTE_DEFAULTS,
  formatProblem,
  parseAlertmanager,
  parseMatcher,
  type AlertmanagerDocument,
  type RouteDocument,
} from '@tapewatch/contract';
import { TapewatchError } from '../errors.ts';

const NANOS_PER_MS = 1_000_000n;

/** Throws `config.invalid` with every problem of the file. */
export async function loadAlertmanager(
  file: string | undefined,
  compile: RegexCompiler,
): Promise<AlertmanagerDocument> {
  if (file === undefined) return DEFAULT_ALERTMANAGER;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapewatchError('config.invalid', `${file}: cannot be read (${reason})`, { cause });
  }
  const result = parseAlertmanager(text, { file, compile });
  if (result.ok) return result.value;
  const problems = result.problems.map(formatProblem);
  throw new TapewatchError(
    'config.invalid',
    `the alerting configuration has ${problems.length} problem(s):\n${problems.join('\n')}`,
    {
      details: { problems },
    },
  );
}

type Inherited = Pick<Route, 'receiver' | 'groupBy' | 'groupWaitNanos' | 'groupIntervalNanos' | 'repeatIntervalNanos'>;

export function routeTree(document: RouteDocument, compile: RegexCompiler): Route {
  const { groupBy, groupWaitMs, groupIntervalMs, repeatIntervalMs } = ROUTE_DEFAULTS;
  const defaults: Inherited = {
    receiver: document.receiver ?? '',
    groupBy,
    groupWaitNanos: BigInt(groupWaitMs) * NANOS_PER_MS,
    groupIntervalNanos: BigInt(groupIntervalMs) * NANOS_PER_MS,
    repeatIntervalNanos: BigInt(repeatIntervalMs) * NANOS_PER_MS,
  };
  return build(document, { id: '0', inherited: defaults, compile });
}

function build(document: RouteDocument, context: { id: string; inherited: Inherited; compile: RegexCompiler }): Route {
  const { id, inherited, compile } = context;
  const own: Inherited = {
    receiver: document.receiver ?? inherited.receiver,
    groupBy: groupBy(document.group_by) ?? inherited.groupBy,
    groupWaitNanos: nanosOf(document.group_wait) ?? inherited.groupWaitNanos,
    groupIntervalNanos: nanosOf(document.group_interval) ?? inherited.groupIntervalNanos,
    repeatIntervalNanos: nanosOf(document.repeat_interval) ?? inherited.repeatIntervalNanos,
  };
  return {
    ...own,
    id,
    continue: document.continue,
    matches: matcherTest(document.matchers, compile),
    routes: document.routes.map((child, index) => build(child, { id: `${id}/${index}`, inherited: own, compile })),
  };
}

function matcherTest(texts: readonly string[], compile: RegexCompiler): (labels: Labels) => boolean {
  const matchers = texts.map(parseMatcher).filter((matcher): matcher is Matcher => matcher !== undefined);
  return compileMatchers(matchers, compile);
}

/** Alertmanager writes `...` for "by every label". */
function groupBy(names: readonly string[] | undefined): readonly string[] | 'all' | undefined {
  return names?.includes('...') === true ? 'all' : names;
}

function nanosOf(ms: number | undefined): bigint | undefined {
  return ms === undefined ? undefined : BigInt(Math.round(ms)) * NANOS_PER_MS;
}
