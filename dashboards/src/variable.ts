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
function labelVariable(options: { name: string; label: string; metric: string; description: string }): object {
  const { name, label, metric, description } = options;
  return {
    current: { text: ['All'], value: ['$__all'] },
    datasource: TAPEWATCH,
    definition: `label_values(${metric}, ${name})`,
    description,
    hide: 0,
    includeAll: true,
    label,
    multi: true,
    name,
    options: [],
    query: { kind: 'label_values', label: name, match: metric, refId: `variable-${name}` },
    // When the board is opened. "On time range change" would ask at every refresh and cancel the panels while it waits.
    refresh: 1,
    regex: '',
    skipUrlSync: false,
    sort: 1,
    type: 'query',
  };
}
