import fc from 'fast-check';
import { kindByName } from './kind-pattern.ts';

describe('kindByName', () => {
  it('takes the kind of the first pattern that matches, observations before counters', () => {
    const kindOf = kindByName({ counter: ['*_total', 'exact'], observation: ['*_seconds', 'a*b*c'] });
    expect(['x_total', 'exact', 'exactly', 'order_seconds', 'a1b2c', 'abc', 'acb', 'up'].map(kindOf)).toEqual([
      'counter',
      'counter',
      undefined,
      'observation',
      'observation',
      'observation',
      undefined,
      undefined,
    ]);
  });

  it('agrees with a regular expression of the same meaning', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '_', '*'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (written, name) => {
        const expected = new RegExp(`^${written.replaceAll('*', '.*')}$`).test(name);
        expect(kindByName({ counter: [written], observation: [] })(name) === 'counter').toBe(expected);
      }),
    );
  });
});
