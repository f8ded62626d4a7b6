import { Labels } from './labels.ts';
import { compileMatchers, type MatchOperator, type RegexCompiler } from './matcher.ts';

const anchored: RegexCompiler = (pattern) => {
  const expression = new RegExp(`^(?:${pattern})$`);
  return (text) => expression.test(text);
};

describe('compileMatchers', () => {
  const labels = Labels.from({ __name__: 'fills_total', venue: 'XNAS' });
  const cases: [name: string, operator: MatchOperator, value: string, expected: boolean][] = [
    ['venue', '=', 'XNAS', true],
    ['venue', '=', 'BATS', false],
    ['venue', '!=', 'BATS', true],
    ['venue', '=~', 'XN', false],
    ['venue', '=~', 'XN.*', true],
    ['venue', '!~', 'XN', true],
    // A missing label has the empty value.
    ['account', '=', '', true],
    ['account', '!=', '', false],
    ['account', '=~', '.*', true],
    ['account', '!~', '.+', true],
  ];
  it.each(cases)('%s %s %j is %s', (name, operator, value, expected) => {
    expect(compileMatchers([{ name, operator, value }], anchored)(labels)).toBe(expected);
  });

  it('demands all matchers, none demands nothing, and a bad pattern throws at once', () => {
    const [good, bad] = [
      { name: 'venue', operator: '=', value: 'XNAS' },
      { name: 'venue', operator: '=', value: 'BATS' },
    ] as const;
    expect(compileMatchers([good, bad], anchored)(labels)).toBe(false);
    expect(compileMatchers([], anchored)(labels)).toBe(true);
    expect(() => compileMatchers([{ name: 'venue', operator: '=~', value: '(' }], anchored)).toThrow(SyntaxError);
  });
});
