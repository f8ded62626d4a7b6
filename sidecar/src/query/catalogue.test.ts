import { Labels, type SeriesDefinition } from '@tapewatch/core';
import { createCatalogue } from './catalogue.ts';

const series: SeriesDefinition[] = [
  { id: 1, labels: Labels.from({ __name__: 'b' }), kind: 'gauge', stream: 's', unit: '', help: '' },
  {
    id: 2,
    labels: Labels.from({ __name__: 'a', v: '1' }),
    kind: 'distribution',
    stream: 's',
    unit: 'seconds',
    help: 'A.',
  },
  {
    id: 3,
    labels: Labels.from({ __name__: 'a', v: '2' }),
    kind: 'distribution',
    stream: 's',
    unit: 'seconds',
    help: 'A.',
  },
];
const catalogue = createCatalogue(() => series);

it('lists each metric once, in order, with what its publisher said of it', () => {
  expect(catalogue.metrics()).toEqual([
    { name: 'a', kind: 'distribution', unit: 'seconds', help: 'A.' },
    { name: 'b', kind: 'gauge', unit: '', help: '' },
  ]);
  expect(catalogue.unitOf('a')).toBe('seconds');
  expect(catalogue.unitOf('b')).toBeUndefined();
});

it('takes functions from the engine itself', () => {
  const rate = catalogue.functions().find(({ name }) => name === 'rate');
  expect(rate?.signature).toMatch(/^rate\(.*range vector\) instant vector$/);
  expect(rate?.help).not.toBe('');
});

it('reads a selector and refuses anything else', () => {
  expect(catalogue.matchers('a{v=~"1|2"}')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'v', operator: '=~', value: '1|2' }),
      expect.objectContaining({ name: '__name__', operator: '=', value: 'a' }),
    ]),
  );
  expect(() => catalogue.matchers('rate(a[5m])')).toThrow(/not a series selector/);
  expect(() => catalogue.matchers('a{')).toThrow(expect.objectContaining({ code: 'query.parse' }) as Error);
});
