/**
 * A change of an alert as one object for a queue (contract's `alertObject`). Only beginnings and ends are told: a condition
 * that does not hold for long enough yet, or no longer holds and is kept firing, changes nothing for who takes the alert.
 */
import { fingerprintText, rfc3339, type Measured, type Transition } from '@tapewatch/core';
import { severityOf, type AlertObject } from '@tapewatch/contract';
import { isFiring } from './alert-dispatcher.ts';

/** Of the rule whose alert changed. */
export interface AlertSource {
  readonly group: string;
  readonly name: string;
  readonly expr: string;
  readonly measured: Measured;
}

/** Undefined when the change is neither a beginning nor an end. */
export function alertObjectOf(transition: Transition, source: AlertSource): AlertObject | undefined {
  const { from, to, labels, annotations, timeNanos, value, reason } = transition;
  if (isFiring(from) === isFiring(to)) return undefined;
  const label = labels.toRecord();
  const { group, name, expr, measured } = source;
  return {
    alert_id: `alert_${idOf(transition, source)}`,
    timestamp: rfc3339(timeNanos),
    severity: (severityOf(label['severity'] ?? '') ?? 'WARNING').toLowerCase(),
    service: label['service'] ?? label['component'] ?? label['job'] ?? '',
    metric: measured.metric ?? expr,
    current_value: Number.isFinite(value) ? value : null,
    threshold: measured.threshold ?? null,
    message: oneLine(annotations['summary'] ?? `${name}: ${reason}`),
    description: annotations['description'] ?? reason,
    suggested_actions: linesOf(annotations['suggested_actions'] ?? ''),
    runbook_url: annotations['runbook_url'] ?? '',
    escalation_policy: annotations['escalation_policy'] ?? label['escalation_policy'] ?? '',
    correlation_id: annotations['correlation_id'] ?? idOf(transition, { group, name }),
    status: isFiring(to) ? 'firing' : 'resolved',
    labels: label,
    annotations,
  };
}

/** Follows from what the alert is about and when it began, so that a restart tells the same. */
function idOf({ labels, activeAtNanos }: Transition, { group, name }: Pick<AlertSource, 'group' | 'name'>): string {
  return fingerprintText(JSON.stringify([group, name, labels.key, String(activeAtNanos)]));
}

/** One action a line; signs of a list are taken off. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[-*]|\d+[.)])\s+/, '').trim())
    .filter((line) => line !== '');
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
