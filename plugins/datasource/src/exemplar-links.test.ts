import type { DataFrame, FieldType } from '@grafana/data';
import { withOrderLinks } from './exemplar-links.ts';

const chart: DataFrame = {
  name: 'order_ack_seconds',
  length: 1,
  fields: [{ name: 'order_id', type: 'string' as FieldType, config: {}, values: ['o-1'] }],
};
const exemplars: DataFrame = {
  name: 'exemplar',
  length: 1,
  fields: [
    { name: 'Value', type: 'number' as FieldType, config: { unit: 's' }, values: [0.1] },
    { name: 'order_id', type: 'string' as FieldType, config: { description: 'kept' }, values: ['o-1'] },
  ],
};
const target = { uid: 'u', name: 'Tapewatch' };

it('links the order of each exemplar to its steps, and nothing else', () => {
  const { data } = withOrderLinks({ data: [chart, exemplars] }, target);
  expect(data[0]).toBe(chart);
  const [value, order] = (data[1] as DataFrame).fields;
  expect(value?.config).toEqual({ unit: 's' });
  expect(order?.config.description).toBe('kept');
  expect(order?.config.links).toEqual([
    expect.objectContaining({
      internal: {
        datasourceUid: 'u',
        datasourceName: 'Tapewatch',
        query: { refId: 'A', queryType: 'events', table: 'orders', orderId: '${__value.raw}' },
      },
    }),
  ]);
});

it('hands on an answer without exemplars as it is', () => {
  const response = { data: [chart] };
  expect(withOrderLinks(response, target)).toBe(response);
});
