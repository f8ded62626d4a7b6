/** Whatever series come, go and come back: selectors find exactly those that are here. */
import { Labels, METRIC_NAME, type Matcher, type SeriesDefinition } from '@tapewatch/core';
import fc from 'fast-check';
import { SeriesDirectory } from './series-directory.ts';

const NAMES = ['hits', 'wait'];
const IDS = 12;
const MATCHERS: readonly (readonly Matcher[])[] = [
  [{ name: METRIC_NAME, operator: '=', value: 'hits' }],
  [{ name: 'pod', operator: '!=', value: 'p3' }],
  [],
];

function definition(id: number): SeriesDefinition {
  const labels = Labels.from({ [METRIC_NAME]: NAMES[id % 2] as string, pod: `p${id}` });
  return { id, labels, kind: 'gauge', stream: 'desk', unit: '', help: '' };
}

it('finds the series that are here, each once', () => {
  const change = fc.record({ isGone: fc.boolean(), ids: fc.uniqueArray(fc.integer({ min: 1, max: IDS })) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const directory = new SeriesDirectory();
      const here = new Set<number>();
      for (const { isGone, ids } of changes) {
        if (isGone) directory.forget(ids);
        for (const id of ids) {
          if (isGone) here.delete(id);
          else directory.define(definition(id));
          if (!isGone) here.add(id);
        }
        const expected = [...here].sort((a, b) => a - b).map((id) => `p${id}`);
        const wanted = [
          expected.filter((pod) => Number(pod.slice(1)) % 2 === 0),
          expected.filter((pod) => pod !== 'p3'),
          expected,
        ];
        for (const [i, matchers] of MATCHERS.entries()) {
          const found = [...directory.matching(matchers)].sort((a, b) => a.id - b.id);
          expect(found.map(({ labels }) => labels.get('pod'))).toEqual(wanted[i]);
        }
      }
    }),
  );
});
