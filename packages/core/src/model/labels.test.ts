import fc from 'fast-check';
import { Labels } from './labels.ts';

const pairs = fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.string({ maxLength: 4 })), {
  maxLength: 6,
});

describe('Labels', () => {
  it('are one identity whatever the order, and an empty value is no label', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const unique = [...new Map(list)];
        const labels = Labels.from(unique);
        expect(Labels.from([...unique].reverse()).key).toBe(labels.key);
        expect(labels.size).toBe(unique.filter(([, value]) => value !== '').length);
        for (const [name, value] of unique) expect(labels.get(name)).toBe(value);
      }),
    );
  });

  it('have equal keys exactly when they are equal, also with separators inside values', () => {
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const [left, right] = [Labels.from(a), Labels.from(b)];
        const same = JSON.stringify(left.pairs) === JSON.stringify(right.pairs);
        expect(left.key === right.key).toBe(same);
        expect(left.equals(right)).toBe(same);
      }),
    );
    expect(Labels.from({ a: 'aa', b: 'bb' }).key).not.toBe(Labels.from({ a: 'a', b: 'abb' }).key);
  });

  it('are split by only and without into two parts that make the whole', () => {
    fc.assert(
      fc.property(pairs, fc.array(fc.string({ minLength: 1, maxLength: 2 })), (list, names) => {
        const labels = Labels.from(list);
        const parts = [...labels.only(names).pairs, ...labels.without(names).pairs];
        expect(Labels.from(parts).key).toBe(labels.key);
      }),
    );
  });

  it('set, replace and remove one label without changing the original', () => {
    const labels = Labels.from({ __name__: 'up', venue: 'XNAS' });
    expect(labels.with('venue', 'BATS').toString()).toBe('up{venue="BATS"}');
    expect(labels.with('venue', '').toString()).toBe('up');
    expect(labels.withoutMetricName().toString()).toBe('{venue="XNAS"}');
    expect(labels.toRecord()).toEqual({ __name__: 'up', venue: 'XNAS' });
    expect(Labels.empty.toString()).toBe('{}');
  });
});
