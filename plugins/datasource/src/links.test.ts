import type { DataFrame, FieldType } from '@grafana/data';
import { withLinks, type TraceLinks } from './links.ts';

const textField = (name: string): DataFrame['fields'][number] => ({
  name,
  type: 'string' as FieldType,
  config: {},
  values: ['1'],
});
const chart: DataFrame = { name: 'order_ack_seconds', length: 1, fields: [textField('venue')] };
const exemplars: DataFrame = {
  name: 'exemplar',
  length: 1,
  fields: [
    { name: 'Value', type: 'number' as FieldType, config: { unit: 's' }, values: [0.1] },
    { name: 'order_id', type: 'string' as FieldType, config: { description: 'kept' }, values: ['o-1'] },
  ],
};
const target = { uid: 'u', name: 'Tapewatch' };
const SOURCES: Readonly<Record<string, { name: string; type: string }>> = {
  tempo: { name: 'Traces', type: 'tempo' },
  jaeger: { name: 'Old traces', type: 'jaeger' },
};
const noTraces: TraceLinks = { destinations: [], sourceOf: (uid) => SOURCES[uid] };

/** What Explore opens. */
function internal(query: object): unknown {
  return expect.objectContaining({
    internal: { datasourceUid: 'u', datasourceName: 'Tapewatch', query: { refId: 'A', ...query } },
  });
}

const RAW = '${__value.raw}';

it('links the order of each exemplar to its path and its steps, and nothing else', () => {
  const { data } = withLinks({ data: [chart, exemplars] }, target, noTraces);
  expect(data[0]).toBe(chart);
  const [value, order] = (data[1] as DataFrame).fields;
  expect(value?.config).toEqual({ unit: 's' });
  expect(order?.config.description).toBe('kept');
  expect(order?.config.links).toEqual([
    internal({ queryType: 'trace', orderId: RAW }),
    internal({ queryType: 'events', table: 'orders', orderId: RAW }),
  ]);
});

it('links the ids in rows of events and of SQL, but no label that only settings can lead anywhere', () => {
  const names = ['orderId', 'order_id', 'correlationId', 'correlation_id', 'traceId', 'trace_id', 'id'];
  const rows: DataFrame = { length: 1, fields: names.map(textField) };
  const destinations = [{ name: 'id', url: 'https://desk/' }];
  const [linked] = withLinks({ data: [rows] }, target, { ...noTraces, destinations }).data as DataFrame[];
  const asked = linked?.fields.map(({ config }) => config.links?.[0]?.internal?.query);
  expect(asked).toEqual([
    { refId: 'A', queryType: 'trace', orderId: RAW },
    { refId: 'A', queryType: 'trace', orderId: RAW },
    { refId: 'A', queryType: 'trace', correlationId: RAW },
    { refId: 'A', queryType: 'trace', correlationId: RAW },
    { refId: 'A', queryType: 'trace', traceId: RAW },
    undefined,
    undefined,
  ]);
  expect(linked?.fields.at(-1)?.config.links).toBeUndefined();
});

it('links the labels that the settings name to their traces, in a data source or at an address', () => {
  const traced: DataFrame = {
    ...exemplars,
    fields: [...exemplars.fields, { name: 'trace_id', type: 'string' as FieldType, config: {}, values: ['4bf9'] }],
  };
  const destinations = [
    { name: 'trace_id', datasourceUid: 'tempo' },
    { name: 'trace_id', datasourceUid: 'jaeger', urlDisplayLabel: 'The trace' },
    { name: 'trace_id', url: 'https://traces/${__value.raw}' },
    { name: 'trace_id', datasourceUid: 'gone' },
    { name: 'order_id', url: 'https://desk/${__value.raw}', urlDisplayLabel: 'Desk' },
  ];
  const { data } = withLinks({ data: [traced] }, target, { ...noTraces, destinations });
  const [value, order, trace] = (data[0] as DataFrame).fields;
  expect(value?.config.links).toBeUndefined();
  expect(order?.config.links?.map(({ title }) => title)).toEqual(['Path of this order', 'Steps of this order', 'Desk']);
  const query = { refId: 'A', query: '${__value.raw}' };
  expect(trace?.config.links).toEqual([
    {
      title: 'Trace in Traces',
      url: '',
      internal: { query: { ...query, queryType: 'traceql' }, datasourceUid: 'tempo', datasourceName: 'Traces' },
    },
    { title: 'The trace', url: '', internal: { query, datasourceUid: 'jaeger', datasourceName: 'Old traces' } },
    { title: 'Go to https://traces/${__value.raw}', url: 'https://traces/${__value.raw}', targetBlank: true },
  ]);
});
