/** Variables of the boards: the data source, and filters that are filled from the labels that exist. */
import { DATASOURCE_TYPE, TAPEWATCH } from './model.ts';

/** What every board of a desk is filtered by. */
export function deskVariables(): readonly object[] {
  return [
    datasourceVariable(),
    labelVariable({
      name: 'venue',
      label: 'Venue',
      metric: 'order_events_total',
      description: 'Venues that have had orders in the time range.',
    }),
    labelVariable({
      name: 'strategy',
      label: 'Strategy',
      metric: 'order_events_total',
      description: 'Strategies that have sent orders in the time range.',
    }),
  ];
}

/** Services that say how they answer, nodes that say how they are: each has a part of the board of its own. */
export function platformVariables(): readonly object[] {
  return [
    datasourceVariable(),
    labelVariable({
      name: 'service',
      label: 'Service',
      // A span within a service, such as a hop of an order, answers nobody: it has no row of requests.
      metric:
        '{__name__=~"http_requests_total|requests_per_second|traces_spanmetrics_calls_total", service!="", span_kind=~"|SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"}',
      description: 'Services whose requests are counted, by themselves or by their spans.',
    }),
    labelVariable({
      name: 'node',
      label: 'Node',
      metric: 'node_memory_MemTotal_bytes',
      labelName: 'instance',
      description: 'Machines that node_exporter watches.',
    }),
  ];
}

/** For boards that are not filtered. */
export function noFilter(): readonly object[] {
  return [datasourceVariable()];
}

function datasourceVariable(): object {
  return {
    current: { text: 'Tapewatch', value: 'tapewatch' },
    description: 'Which Tapewatch data source the board asks.',
    hide: 0,
    includeAll: false,
    label: 'Data source',
    multi: false,
    name: 'ds',
    options: [],
    query: DATASOURCE_TYPE,
    refresh: 1,
    regex: '',
    skipUrlSync: false,
    type: 'datasource',
  };
}

/** The values of `label` on `metric`; several can be chosen, all are by default. */
function labelVariable(options: {
  name: string;
  label: string;
  metric: string;
  description: string;
  labelName?: string;
}): object {
  const { name, label, metric, description, labelName = name } = options;
  return {
    current: { text: ['All'], value: ['$__all'] },
    datasource: TAPEWATCH,
    definition: `label_values(${metric}, ${labelName})`,
    description,
    hide: 0,
    includeAll: true,
    label,
    multi: true,
    name,
    options: [],
    query: { kind: 'label_values', label: labelName, match: metric, refId: `variable-${name}` },
    // When the board is opened. "On time range change" would ask at every refresh and cancel the panels while it waits.
    refresh: 1,
    regex: '',
    skipUrlSync: false,
    sort: 1,
    type: 'query',
  };
}
