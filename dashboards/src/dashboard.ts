/** Puts a board together: the frame that every board of ours shares around its panels. */
import { place } from './layout.ts';
import { SCHEMA_VERSION, type DashboardJson, type Panel, type Section } from './model.ts';

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly variables: readonly object[];
  readonly head: readonly Panel[];
  readonly sections: readonly Section[];
  readonly refresh: string;
  readonly from: string;
}

export function dashboard(spec: DashboardSpec): DashboardJson {
  return {
    annotations: { list: [GRAFANA_ANNOTATIONS] },
    description: spec.description,
    editable: true,
    fiscalYearStartMonth: 0,
    // Shared crosshair: the same moment is marked in all panels.
    graphTooltip: 1,
    id: null,
    links: [otherBoards()],
    liveNow: false,
    panels: place(spec.head, spec.sections),
    preload: false,
    refresh: spec.refresh,
    schemaVersion: SCHEMA_VERSION,
    tags: spec.tags,
    templating: { list: spec.variables },
    time: { from: spec.from, to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m'] },
    timezone: 'browser',
    title: spec.title,
    uid: spec.uid,
    weekStart: '',
  };
}

const GRAFANA_ANNOTATIONS = {
  builtIn: 1,
  datasource: { type: 'grafana', uid: '-- Grafana --' },
  enable: true,
  hide: true,
  iconColor: 'rgba(0, 211, 255, 1)',
  name: 'Annotations & Alerts',
  type: 'dashboard',
};

function otherBoards(): object {
  return {
    asDropdown: true,
    icon: 'external link',
    includeVars: true,
    keepTime: true,
    tags: ['tapewatch'],
    targetBlank: false,
    title: 'Tapewatch boards',
    tooltip: 'The other boards of Tapewatch',
    type: 'dashboards',
    url: '',
  };
}
