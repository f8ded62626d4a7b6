import { compileRegex } from './regex.ts';
import { TapewatchError } from './errors.ts';

describe('compileRegex', () => {
  it.each([
    ['XN.*', 'XNAS', true],
    ['NA', 'XNAS', false],
    ['XNAS|BATS', 'BATS', true],
    ['XNAS|BATS', 'BATSY', false],
    ['', '', true],
    ['.*', '', true],
    ['.+', '', false],
    ['a.b', 'a\nb', true],
    ['(?i)xnas', 'XNAS', true],
  ])('matches %j against %j from end to end: %s', (pattern, text, expected) => {
    expect(compileRegex(pattern)(text)).toBe(expected);
  });

  it('answers a pattern that would backtrack for ages', () => {
    expect(compileRegex('(a+)+b')('a'.repeat(5_000))).toBe(false);
  });

  it('names a bad pattern', () => {
    expect(() => compileRegex('(')).toThrow(TapewatchError);
    expect(() => compileRegex('(?=look)')).toThrow(/RE2 syntax/);
  });

  it('gives the same answers after its cache has turned over', () => {
    for (let i = 0; i < 600; i++) expect(compileRegex(`v${i}`)(`v${i}`)).toBe(true);
    expect(compileRegex('v0')('v0')).toBe(true);
    expect(compileRegex('v0')('v1')).toBe(false);
  });
});
