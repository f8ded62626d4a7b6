/** Alerts: the sidecar's own, decided in under a second, and Grafana's. */
import { fields, fixed, named, steps, valueTexts, WRAPPED } from '../field.ts';
import type { Panel, Section } from '../model.ts';
import { barGauge, common, stat } from '../panel.ts';
import { table } from '../table.ts';
import { instant, scraped, target } from '../target.ts';

const STATE = {
  mappings: valueTexts({
    firing: { text: 'Firing', color: 'red' },
    pending: { text: 'Pending', color: 'orange' },
    keep_firing: { text: 'Firing (held)', color: 'orange' },
    inactive: { text: 'Normal', color: 'green' },
  }),
  'custom.cellOptions': { type: 'color-text' },
};

/** Severities as the rules spell them, in order of weight. */
const SEVERITY_COLORS = { INFO: 'blue', WARNING: 'orange', ERROR: 'red', CRITICAL: 'red', EMERGENCY: 'purple' };

const SEVERITY = {
  mappings: valueTexts(
    Object.fromEntries(
      Object.entries(SEVERITY_COLORS).map(([name, color]) => [name, { text: shownSeverity(name), color }]),
    ),
  ),
  'custom.cellOptions': { type: 'color-text' },
};

const WHEN = { width: 165, show: { unit: 'dateTimeAsIso' } };

function grafanaAlerts(): Panel {
  return {
    ...common({
      id: 52,
      title: 'Grafana alert rules',
      description:
        'Rules that Grafana evaluates over our data source, every ten seconds at best. They come from the provisioning files.',
      w: 8,
      h: 8,
      targets: [],
    }),
    type: 'alertlist',
    fieldConfig: fields({}),
    options: {
      alertInstanceLabelFilter: '',
      alertName: '',
      dashboardAlerts: false,
      // Only Grafana's own: the sidecar's are in the table beside it.
      datasource: '-- Grafana --',
      folder: null,
      groupBy: [],
      groupMode: 'default',
      maxItems: 20,
      sortOrder: 3,
      stateFilter: { error: true, firing: true, noData: true, normal: true, pending: true, recovering: true },
      viewMode: 'list',
    },
  };
}

/** Steps of the sidecar's own loop of figures, every 15 seconds. */
const FIGURE = { h: 5, unit: 'none', decimals: 0, interval: '15s' } as const;

function shownSeverity(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase();
}

/** A bar for each severity, in its colour. */
function bySeverity(metric: string): Pick<Parameters<typeof barGauge>[0], 'targets' | 'overrides'> {
  const severities = Object.entries(SEVERITY_COLORS);
  return {
    targets: severities.map(([severity], i) =>
      instant('ABCDE'.charAt(i), `${metric}{severity="${severity}"}`, { legendFormat: shownSeverity(severity) }),
    ),
    overrides: severities.map(([severity, color]) => named(shownSeverity(severity), { color: fixed(color) })),
  };
}

const figures: readonly Panel[] = [
  stat({
    ...FIGURE,
    id: 53,
    w: 4,
    title: 'Firing',
    description: "The sidecar's own alerts that fire, of all severities.",
    thresholds: steps('green', [1, 'red']),
    targets: [scraped('A', 'sum(alerts_active)', 'firing')],
  }),
  stat({
    ...FIGURE,
    id: 54,
    w: 4,
    title: 'Fired within 24 hours',
    description: 'How often an alert began to fire in the last 24 hours, whatever the time range of the board.',
    targets: [scraped('A', 'sum(alerts_last_day)', 'fired')],
  }),
  barGauge({
    ...FIGURE,
    id: 55,
    w: 8,
    title: 'Firing by severity',
    description: 'How the alerts that fire now are spread over the severities.',
    min: 0,
    nameSize: 11,
    ...bySeverity('alerts_active'),
  }),
  barGauge({
    ...FIGURE,
    id: 56,
    w: 8,
    title: 'Fired within 24 hours by severity',
    description: 'How the alerts of the last 24 hours are spread over the severities.',
    min: 0,
    nameSize: 11,
    ...bySeverity('alerts_last_day'),
  }),
];

export const alerts: Section = {
  id: 500,
  title: 'Alerts',
  panels: [
    ...figures,
    table({
      id: 50,
      title: 'Active now',
      description: "The sidecar's alerts that are pending or firing, with the value that made them so.",
      w: 16,
      h: 8,
      noValue: 'Nothing is pending or firing',
      targets: [target('A', { queryType: 'alerts', state: 'active' })],
      columns: [
        { name: 'since', ...WHEN },
        { name: 'state', width: 110, show: STATE },
        { name: 'severity', width: 100, show: SEVERITY },
        { name: 'alertname', title: 'alert', width: 170 },
        { name: 'summary', width: 300, show: WRAPPED },
        { name: 'labels', show: WRAPPED },
      ],
    }),
    grafanaAlerts(),
    table({
      id: 51,
      title: 'What happened',
      description:
        'Every change of state in the time range with its reason, newest first. Nothing fires or resolves without a row here.',
      w: 24,
      h: 9,
      noValue: 'No alert changed its state in the time range',
      targets: [target('A', { queryType: 'alerts', state: 'history' })],
      filterable: true,
      sortBy: { column: 'time', descending: true },
      columns: [
        { name: 'time', ...WHEN },
        { name: 'to', title: 'state', width: 110, show: STATE },
        { name: 'severity', width: 100, show: SEVERITY },
        { name: 'alertname', title: 'alert', width: 190 },
        { name: 'reason', width: 360 },
        { name: 'value', width: 90 },
        { name: 'labels', width: 130 },
        { name: 'summary' },
      ],
    }),
  ],
};
