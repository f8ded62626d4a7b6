/** The JSON of a webhook: Alertmanager's format, version "4", so that its receivers understand ours. */
import type { Notification, NotifiedAlert } from '../ports.ts';
import { rfc3339 } from '@tapewatch/core';

/** Go's zero time, which Alertmanager writes for an alert that has not ended. */
const NOT_ENDED = '0001-01-01T00:00:00Z';

/** `maxAlerts` 0: all. */
export function alertmanagerBody(
  notification: Notification,
  { maxAlerts, externalUrl }: { maxAlerts: number; externalUrl: string },
) {
  const { receiver, status, groupKey, groupLabels, commonLabels, commonAnnotations, alerts } = notification;
  const listed = maxAlerts > 0 ? alerts.slice(0, maxAlerts) : alerts;
  return {
    version: '4',
    groupKey,
    truncatedAlerts: alerts.length - listed.length,
    status,
    receiver,
    groupLabels,
    commonLabels,
    commonAnnotations,
    externalURL: externalUrl,
    alerts: listed.map((alert) => alertBody(alert, externalUrl)),
  };
}

function alertBody(
  { status, labels, annotations, startsAtNanos, endsAtNanos, value, fingerprint }: NotifiedAlert,
  generatorURL: string,
) {
  return {
    status,
    labels,
    annotations,
    startsAt: rfc3339(startsAtNanos),
    endsAt: endsAtNanos === null ? NOT_ENDED : rfc3339(endsAtNanos),
    generatorURL,
    fingerprint,
    /** Ours; as text, because JSON has no NaN. */
    value: String(value),
  };
}
