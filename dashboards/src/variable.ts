/** Variables of the boards: the data source, and filters that are filled from the labels that exist. */
import { DATASOURCE_TYPE, TAPEWATCH } from './model.ts';

export function datasourceVariable(): object {
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
export function labelVariable(options: { name: string; label: string; metric: string; description: string }): object {
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
