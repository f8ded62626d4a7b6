/**
 * Where notifications go: a subset of Alertmanager's configuration file (route, receivers with `webhook_configs`) with
 * our `log_configs`. Source: Alertmanager documentation, "Configuration". Differences, because a sidecar sees a breach in
 * milliseconds: `group_by` is [alertname] and `group_wait` 0s unless told otherwise, `group_interval` is 10s. A change
 * after a quiet group interval is told at once. `repeat_interval` stays 4h.
 */
import type { Matcher, MatchOperator, RegexCompiler } from '@tapewatch/core';
import { z } from 'zod';
import { durationText } from './rule.ts';
import { type DocumentResult, type Path, type Report, readYaml } from './yaml-document.ts';

export const ROUTE_DEFAULTS = {
  groupBy: ['alertname'] as readonly string[],
  groupWaitMs: 0,
  groupIntervalMs: 10_000,
  repeatIntervalMs: 14_400_000,
} as const;

const MAX_RECEIVERS = 1_000;
const MAX_ROUTE_DEPTH = 32;
const MATCHER = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s{}"',=!~]*))\s*$/;

const secret = z.string().min(1).meta({ secret: true });

const httpConfig = z.strictObject({
  authorization: z
    .strictObject({
      type: z
        .string()
        .regex(/^[A-Za-z0-9-]+$/)
        .default('Bearer'),
      credentials: secret.optional(),
      credentials_file: z.string().min(1).optional(),
    })
    .optional(),
});

export const webhookConfig = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).meta({ secret: true }),
  send_resolved: z.boolean().default(true),
  http_config: httpConfig.prefault({}),
  /** Alerts listed in one message; more are counted in `truncatedAlerts`. 0: all. */
  max_alerts: z.number().int().min(0).default(0),
});

export const logConfig = z.strictObject({ send_resolved: z.boolean().default(true) });

const receiver = z.strictObject({
  name: z.string().min(1).max(256),
  webhook_configs: z.array(webhookConfig).max(100).default([]),
  log_configs: z.array(logConfig).max(100).default([]),
});

const routeFields = z.strictObject({
  receiver: z.string().optional(),
  group_by: z.array(z.string()).optional(),
  group_wait: durationText.optional(),
  group_interval: durationText.optional(),
  repeat_interval: durationText.optional(),
  matchers: z.array(z.string()).default([]),
  continue: z.boolean().default(false),
});

/** Durations in milliseconds. */
export interface RouteDocument extends z.output<typeof routeFields> {
  readonly routes: readonly RouteDocument[];
}

export const routeSchema: z.ZodType<RouteDocument> = routeFields.extend({
  routes: z.lazy(() => z.array(routeSchema)).default([]),
});

export const alertmanagerSchema = z.strictObject({
  route: routeSchema,
  receivers: z.array(receiver).max(MAX_RECEIVERS),
});

export type AlertmanagerDocument = z.output<typeof alertmanagerSchema>;
export type ReceiverDocument = AlertmanagerDocument['receivers'][number];
export type WebhookConfig = z.output<typeof webhookConfig>;

export type Integration = { readonly id: string; readonly receiver: string; readonly sendResolved: boolean } & (
  { readonly kind: 'webhook'; readonly config: WebhookConfig } | { readonly kind: 'log' }
);

/** Every target of every receiver, with an id that stays the same over reloads, such as `desk/webhook/0`. */
export function integrationsOf(receivers: readonly ReceiverDocument[]): Integration[] {
  return receivers.flatMap(({ name, webhook_configs: webhooks, log_configs: logs }) => [
    ...webhooks.map((config, index) => ({
      kind: 'webhook' as const,
      id: `${name}/webhook/${index}`,
      receiver: name,
      sendResolved: config.send_resolved,
      config,
    })),
    ...logs.map((config, index) => ({
      kind: 'log' as const,
      id: `${name}/log/${index}`,
      receiver: name,
      sendResolved: config.send_resolved,
    })),
  ]);
}

/** Used when no file is configured: every alert is a line in the log. */
export const DEFAULT_ALERTMANAGER: AlertmanagerDocument = alertmanagerSchema.parse({
  route: { receiver: 'log' },
  receivers: [{ name: 'log', log_configs: [{}] }],
});

/** Reads a configuration; every problem at once. `compile` throws on a bad regular expression. */
export function parseAlertmanager(
  source: string,
  { file, compile }: { file: string; compile: RegexCompiler },
): DocumentResult<AlertmanagerDocument> {
  return readYaml(alertmanagerSchema, source, {
    file,
    check: ({ route, receivers }, report) => {
      const names = new Set<string>();
      receivers.forEach(({ name, webhook_configs: webhooks }, index) => {
        if (names.has(name)) report(['receivers', index, 'name'], `the receiver "${name}" occurs twice`);
        names.add(name);
        webhooks.forEach((webhook, position) =>
          checkCredentials(webhook, ['receivers', index, 'webhook_configs', position], report),
        );
      });
      if (route.receiver === undefined) report(['route'], 'the root route needs a "receiver"');
      if (route.matchers.length > 0)
        report(['route', 'matchers'], 'the root route takes every alert; it has no "matchers"');
      checkRoute(route, ['route'], { names, compile, report });
    },
  });
}

function checkCredentials({ http_config: { authorization } }: WebhookConfig, path: Path, report: Report): void {
  if (authorization === undefined) return;
  if ((authorization.credentials === undefined) !== (authorization.credentials_file === undefined)) return;
  report([...path, 'http_config', 'authorization'], 'needs either "credentials" or "credentials_file"');
}

function checkRoute(
  route: RouteDocument,
  path: Path,
  context: { names: ReadonlySet<string>; compile: RegexCompiler; report: Report },
): void {
  const { names, compile, report } = context;
  if (route.receiver !== undefined && !names.has(route.receiver)) {
    report([...path, 'receiver'], `the receiver "${route.receiver}" is not defined; defined: ${[...names].join(', ')}`);
  }
  for (const key of ['group_interval', 'repeat_interval'] as const) {
    if (route[key] === 0) report([...path, key], 'must be longer than 0s');
  }
  if (path.length > MAX_ROUTE_DEPTH * 2) report(path, `routes are nested deeper than ${MAX_ROUTE_DEPTH}`);
  route.matchers.forEach((text, index) => {
    const matcher = parseMatcher(text);
    const at = [...path, 'matchers', index];
    if (matcher === undefined)
      report(at, `${JSON.stringify(text)} is not a matcher; write such as severity="CRITICAL"`);
    else if (matcher.operator === '=~' || matcher.operator === '!~') {
      try {
        compile(matcher.value);
      } catch (error) {
        report(at, error instanceof Error ? error.message : String(error));
      }
    }
  });
  route.routes.forEach((child, index) => checkRoute(child, [...path, 'routes', index], context));
}

/** `name="value"` with any of `=`, `!=`, `=~`, `!~`; the quotes may be left out around a plain word. */
export function parseMatcher(text: string): Matcher | undefined {
  const match = MATCHER.exec(text);
  if (match === null) return undefined;
  const [, name = '', operator = '=', quoted, bare = ''] = match;
  return { name, operator: operator as MatchOperator, value: quoted === undefined ? bare : unescape(quoted) };
}

function unescape(quoted: string): string {
  return quoted.replace(/\\(.)/g, (_all, character: string) => (character === 'n' ? '\n' : character));
}
