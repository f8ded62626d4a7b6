/**
 * Rules and alerts as Prometheus shows them, so that Grafana's Alerting page lists ours through a core Prometheus data
 * source, and the build information by which Grafana chooses how to ask.
 */
import { alertsData, buildInfoData, rulesData, rulesParams } from '@tapewatch/contract';
import { formatExponent, rfc3339, type AlertView, type RuleGroupView, type RuleView } from '@tapewatch/core';
import { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import { sendData } from './answer.ts';
import { listOf, parseLimit } from './parameter.ts';
import { route, type RouteContext } from './route-kit.ts';

/** Go's zero time, which Prometheus shows for "never". */
const NEVER = '0001-01-01T00:00:00Z';
/** The version of Prometheus whose API ours follows; Grafana decides by it what it may ask. */
const API_LEVEL = '2.55.0';

type RulesParams = z.output<typeof rulesParams>;

export function ruleRoutes({ app, deps }: RouteContext): void {
  const { alerting, version } = deps;

  route(
    app,
    { url: '/api/v1/rules', summary: 'Rule groups with their state', params: rulesParams, data: rulesData },
    async (params, _request, reply) => sendData(reply, rulesJson(alerting.groups(), params)),
  );

  route(
    app,
    { url: '/api/v1/alerts', summary: 'Pending and firing alerts', params: z.object({}), data: alertsData },
    async (_params, _request, reply) => {
      const rules = alerting.groups().flatMap((group) => group.rules);
      return sendData(reply, { alerts: rules.flatMap((rule) => rule.alerts.map(alertJson)) });
    },
  );

  route(
    app,
    { url: '/api/v1/status/buildinfo', summary: 'Version', params: z.object({}), data: buildInfoData },
    async (_params, _request, reply) =>
      sendData(reply, {
        application: 'Tapewatch',
        version: API_LEVEL,
        revision: version,
        branch: '',
        buildUser: '',
        buildDate: '',
        goVersion: '',
      }),
  );
}

function rulesJson(groups: readonly RuleGroupView[], params: RulesParams) {
  const names = new Set(listOf(params['rule_name[]']));
  const wantedGroups = new Set(listOf(params['rule_group[]']));
  const files = new Set([...listOf(params.file), ...listOf(params['file[]'])]);
  const type = params.type === undefined ? undefined : params.type === 'alert' ? 'alerting' : 'recording';
  const withAlerts = !/^(true|1|t)$/i.test(params.exclude_alerts ?? '');
  const chosen = groups
    .filter((group) => wantedGroups.size === 0 || wantedGroups.has(group.name))
    .filter((group) => files.size === 0 || files.has(group.file))
    .map((group) => ({
      ...group,
      rules: group.rules.filter(
        (rule) => (type === undefined || rule.type === type) && (names.size === 0 || names.has(rule.name)),
      ),
    }))
    .filter((group) => group.rules.length > 0 || (names.size === 0 && type === undefined));
  const { page, next } = paginate(chosen, params);
  return {
    groups: page.map((group) => groupJson(group, withAlerts)),
    ...(next === undefined ? {} : { groupNextToken: next }),
  };
}

/** The token is the key of the group that the next page begins with. */
function paginate(groups: readonly RuleGroupView[], { group_limit: limitText, group_next_token: token }: RulesParams) {
  const limit = parseLimit('group_limit', limitText);
  if (token !== undefined && limit === 0) {
    throw new TapewatchError('query.invalid', 'group_limit needs to be set in order to paginate over the groups');
  }
  const from = token === undefined ? 0 : groups.findIndex((group) => keyOf(group) === token);
  if (from === -1) {
    throw new TapewatchError(
      'query.invalid',
      'invalid group_next_token: the rules have changed; begin with the first page',
    );
  }
  const page = limit === 0 ? groups.slice(from) : groups.slice(from, from + limit);
  const following = groups[from + page.length];
  return { page, next: following === undefined ? undefined : keyOf(following) };
}

function keyOf({ file, name }: RuleGroupView): string {
  return Buffer.from(JSON.stringify([file, name])).toString('base64url');
}

function groupJson({ name, file, intervalSeconds, rules }: RuleGroupView, withAlerts: boolean) {
  const last = rules.reduce((latest, { lastEvaluationNanos: at }) => (at > latest ? at : latest), 0n);
  return {
    name,
    file,
    interval: intervalSeconds,
    limit: 0,
    rules: rules.map((rule) => ruleJson(rule, withAlerts)),
    evaluationTime: rules.reduce((sum, rule) => sum + rule.evaluationSeconds, 0),
    lastEvaluation: timeJson(last),
  };
}

function ruleJson(rule: RuleView, withAlerts: boolean) {
  const { type, name, query, labels, health, lastError, evaluationSeconds, lastEvaluationNanos } = rule;
  const base = {
    name,
    query,
    labels,
    health,
    ...(lastError === '' ? {} : { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: timeJson(lastEvaluationNanos),
  };
  if (type === 'recording') return { ...base, type };
  const { state, forSeconds: duration, keepFiringForSeconds: keepFiringFor, annotations } = rule;
  return {
    state,
    ...base,
    duration,
    keepFiringFor,
    annotations,
    alerts: withAlerts ? rule.alerts.map(alertJson) : [],
    type,
  };
}

function alertJson({ labels, annotations, state, activeAtNanos, value }: AlertView) {
  return {
    labels: labels.toRecord(),
    annotations,
    state,
    activeAt: rfc3339(activeAtNanos),
    value: formatExponent(value),
  };
}

function timeJson(nanos: bigint): string {
  return nanos === 0n ? NEVER : rfc3339(nanos);
}
