import fc from 'fast-check';
import { createMetadata } from '../metadata.ts';
import { findValues, seriesText, type ValueSources } from './find-values.ts';
import { describeVariable, migrateVariable, VARIABLE_KINDS, type VariableQuery } from './variable-query.ts';

describe('migrateVariable', () => {
  it.each([
    ['label_values(venue)', { kind: 'label_values', label: 'venue', match: '' }],
    ['label_values(up{a="x, y"}, venue)', { kind: 'label_values', label: 'venue', match: 'up{a="x, y"}' }],
    ['label_names()', { kind: 'label_names', match: '' }],
    ['metrics(order_.*)', { kind: 'metrics', match: 'order_.*' }],
    ['query_result(topk(5, up))', { kind: 'series', match: 'topk(5, up)' }],
    ['up{venue="X"}', { kind: 'series', match: 'up{venue="X"}' }],
    [
      { query: 'label_values(venue)', refId: 'x' },
      { kind: 'label_values', label: 'venue' },
    ],
    [
      { kind: 'dimension', dimension: 'strategy' },
      { kind: 'dimension', dimension: 'strategy', refId: 'variable' },
    ],
  ])('reads %j', (stored, expected) => expect(migrateVariable(stored)).toMatchObject(expected));

  it('never throws, is idempotent, and reads what it describes', () => {
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        const once = migrateVariable(stored);
        expect(migrateVariable(once)).toEqual(once);
      }),
    );
    const query: VariableQuery = { refId: 'variable', kind: 'label_values', label: 'venue', match: 'up{a="1"}' };
    expect(migrateVariable(describeVariable(query))).toEqual(query);
    expect(VARIABLE_KINDS.map(({ value }) => describeVariable({ refId: 'A', kind: value, match: 'm' }))).toHaveLength(
      5,
    );
  });
});

describe('findValues', () => {
  const asked: string[] = [];
  const sources: ValueSources = {
    metadata: createMetadata((path, parameters) => {
      asked.push(`${path} ${JSON.stringify(parameters)}`);
      return Promise.resolve({
        metrics: [{ name: 'order_ack_seconds' }, { name: 'quote_mid' }],
        labels: ['__name__', 'venue'],
        values: ['XNAS', 'BATS'],
      });
    }),
    replace: (text) => text.replace('$desk', 'equities'),
    series: (selector) =>
      Promise.resolve([
        { __name__: selector, venue: 'X' },
        { __name__: selector, venue: 'X' },
      ]),
  };
  const texts = async (query: VariableQuery | string): Promise<string[]> =>
    (await findValues(query, sources)).map(({ text }) => text);

  it('asks what was meant, with other variables replaced', async () => {
    expect(await texts('label_values(up{desk="$desk"}, venue)')).toEqual(['XNAS', 'BATS']);
    expect(asked).toEqual(['label-values {"name":"venue","match[]":"up{desk=\\"equities\\"}"}']);
    expect(await texts('label_names()')).toEqual(['venue']);
    expect(await texts('metrics(^order)')).toEqual(['order_ack_seconds']);
    expect(await texts('metrics(order[)')).toEqual([]);
    expect(await texts('up')).toEqual(['up{venue="X"}']);
    expect(await texts({ refId: 'A', kind: 'dimension', dimension: 'venue' })).toEqual(['XNAS', 'BATS']);
    expect(await texts({ refId: 'A', kind: 'label_values', label: '' })).toEqual([]);
  });

  it('writes a series as PromQL does', () => {
    expect(seriesText({ __name__: 'up', b: '2', a: '"' })).toBe('up{a="\\"",b="2"}');
    expect(seriesText({ __name__: 'up' })).toBe('up');
  });
});
