/**
 * What a notification says in words, for channels that people read: one headline, and each alert with what happened, how
 * bad it is and where to read on. Bounded: past a few alerts only their number is told. Formats escape it themselves.
 */
import { rfc3339 } from '@tapewatch/core';
import type { Notification, NotifiedAlert } from '../ports.ts';

const MAX_ALERTS = 10;
const MAX_TEXT = 600;

export interface AlertText {
  readonly title: string;
  readonly summary: string;
  /** Labels that tell it apart, and what else is known, in order. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly status: 'firing' | 'resolved';
  readonly severity: string;
  readonly startsAt: string;
}

export interface NotificationText {
  readonly headline: string;
  readonly severity: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly AlertText[];
  /** Alerts that are not listed. */
  readonly more: number;
}

const ORDER = ['INFO', 'WARNING', 'ERROR', 'CRITICAL', 'EMERGENCY'];
const COLORS: Readonly<Record<string, string>> = {
  INFO: '#3274d9',
  WARNING: '#ff9830',
  ERROR: '#f2495c',
  CRITICAL: '#c4162a',
  EMERGENCY: '#8f3bb8',
};
const RESOLVED_COLOR = '#56a64b';

export function textOf(notification: Notification): NotificationText {
  const { status, groupLabels, alerts } = notification;
  const firing = alerts.filter((alert) => alert.status === 'firing').length;
  const name = groupLabels['alertname'] ?? notification.commonLabels['alertname'] ?? 'alerts';
  const others = Object.entries(groupLabels).filter(([label]) => label !== 'alertname');
  const where = others.length === 0 ? '' : ` (${others.map(([label, value]) => `${label} ${value}`).join(', ')})`;
  const count = status === 'firing' ? `FIRING ${firing}` : 'RESOLVED';
  return {
    headline: cut(`[${count}] ${name}${where}`),
    severity: worst(alerts),
    status,
    alerts: alerts.slice(0, MAX_ALERTS).map(alertText),
    more: Math.max(0, alerts.length - MAX_ALERTS),
  };
}

/** `#rrggbb` */
export function colorOf({ severity, status }: Pick<NotificationText, 'severity' | 'status'>): string {
  return status === 'resolved' ? RESOLVED_COLOR : (COLORS[severity] ?? (COLORS['WARNING'] as string));
}

function alertText({ labels, annotations, status, value, startsAtNanos }: NotifiedAlert): AlertText {
  const { alertname = '', severity = '', ...rest } = labels;
  const { summary, description, ...notes } = annotations;
  return {
    title: cut(`${status === 'firing' ? 'Firing' : 'Resolved'}: ${alertname}`),
    summary: cut([summary, description].filter((text) => text !== undefined && text !== '').join(' ')),
    facts: [
      ...(severity === '' ? [] : [['severity', severity] as const]),
      ...Object.entries(rest).map(([name, text]) => [name, cut(text)] as const),
      ['value', String(value)] as const,
      ...Object.entries(notes).map(([name, text]) => [name, cut(text)] as const),
    ],
    status,
    severity,
    startsAt: rfc3339(startsAtNanos),
  };
}

function worst(alerts: readonly NotifiedAlert[]): string {
  const ranks = alerts.map(({ labels }) => ORDER.indexOf((labels['severity'] ?? '').toUpperCase()));
  return ORDER[Math.max(...ranks, 0)] as string;
}

function cut(text: string): string {
  const line = text.replace(/[\r\n]+/g, ' ');
  return line.length <= MAX_TEXT ? line : `${line.slice(0, MAX_TEXT - 1)}…`;
}
