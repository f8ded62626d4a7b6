/** The sidecar's own alerts as a table: what is active now, or the transitions of the range. */
import type { TapewatchQueryDocument } from '@tapewatch/contract';
import {
  rfc3339,
  type AlertView,
  type Labels,
  type Notice,
  type RuleView,
  type Table,
  type TableField,
} from '@tapewatch/core';
import type { AlertingView, QueryEnvelope, TransitionRow } from '../ports.ts';
import { MAX_ROWS } from './limit.ts';
import { emptyTable } from './promql-table.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

export type AlertsQuery = Extract<TapewatchQueryDocument, { queryType: 'alerts' }>;

interface ActiveAlert {
  readonly group: string;
  readonly rule: RuleView;
  readonly alert: AlertView;
}

export async function runAlerts(query: AlertsQuery, envelope: QueryEnvelope, view: AlertingView): Promise<Table[]> {
  const executedQuery = `alerts: ${query.state}`;
  if (query.state === 'history') {
    const filter = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope), limit: MAX_ROWS + 1 };
    const found = await view.transitions(filter);
    const rows = found.slice(0, MAX_ROWS);
    const notices = found.length > MAX_ROWS ? [cutNotice(rows)] : [];
    return [tableOf(historyFields(rows), executedQuery, notices)];
  }
  const wanted = query.state === 'active' ? ['firing', 'pending'] : [query.state];
  const active = view
    .groups()
    .flatMap(({ name, rules }) => rules.flatMap((rule) => rule.alerts.map((alert) => ({ group: name, rule, alert }))))
    .filter(({ alert }) => wanted.includes(alert.state))
    .sort((a, b) => Number(b.alert.activeAtNanos - a.alert.activeAtNanos));
  return [tableOf(activeFields(active), executedQuery)];
}

function cutNotice(rows: readonly TransitionRow[]): Notice {
  const until = rfc3339(rows.at(-1)?.timeNanos ?? 0n);
  const text = `the range has more than ${MAX_ROWS} changes of alerts: only the first ones, until ${until}, are shown; shorten the time range`;
  return { severity: 'warning', text };
}

function tableOf(fields: readonly TableField[], executedQuery: string, notices: readonly Notice[] = []): Table {
  const table = emptyTable('table', executedQuery, notices);
  return fields[0]?.values.length === 0 ? table : { ...table, fields, visualisation: 'table' };
}

function activeFields(alerts: readonly ActiveAlert[]): TableField[] {
  return [
    { name: 'since', type: 'time', values: alerts.map(({ alert }) => alert.activeAtNanos) },
    { name: 'state', type: 'string', values: alerts.map(({ alert }) => alert.state) },
    { name: 'alertname', type: 'string', values: alerts.map(({ rule }) => rule.name) },
    { name: 'severity', type: 'string', values: alerts.map(({ alert }) => alert.labels.get('severity')) },
    { name: 'summary', type: 'string', values: alerts.map(({ alert }) => alert.annotations['summary'] ?? '') },
    { name: 'value', type: 'number', values: alerts.map(({ alert }) => alert.value) },
    { name: 'labels', type: 'string', values: alerts.map(({ alert }) => labelText(alert.labels)) },
    { name: 'group', type: 'string', values: alerts.map(({ group }) => group) },
    { name: 'runbook', type: 'string', values: alerts.map(({ alert }) => alert.annotations['runbook_url'] ?? '') },
    { name: 'fingerprint', type: 'string', values: alerts.map(({ alert }) => alert.fingerprint) },
  ];
}

function historyFields(rows: readonly TransitionRow[]): TableField[] {
  return [
    { name: 'time', type: 'time', values: rows.map(({ timeNanos }) => timeNanos) },
    { name: 'alertname', type: 'string', values: rows.map(({ rule }) => rule) },
    { name: 'from', type: 'string', values: rows.map(({ from }) => from) },
    { name: 'to', type: 'string', values: rows.map(({ to }) => to) },
    { name: 'reason', type: 'string', values: rows.map(({ reason }) => reason) },
    { name: 'revised', type: 'boolean', values: rows.map(({ revised }) => revised === true) },
    { name: 'severity', type: 'string', values: rows.map(({ labels }) => labels.get('severity')) },
    { name: 'value', type: 'number', values: rows.map(({ value }) => value) },
    { name: 'labels', type: 'string', values: rows.map(({ labels }) => labelText(labels)) },
    { name: 'group', type: 'string', values: rows.map(({ group }) => group) },
    { name: 'summary', type: 'string', values: rows.map(({ annotations }) => annotations['summary'] ?? '') },
  ];
}

function labelText(labels: Labels): string {
  return labels
    .without(['alertname', 'severity'])
    .pairs.map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
