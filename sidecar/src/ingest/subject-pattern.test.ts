import fc from 'fast-check';
import { compileSubjectPattern, subjectCovers } from './subject-pattern.ts';

const compiled = (pattern: string) => {
  const result = compileSubjectPattern(pattern);
  if (typeof result === 'string') throw new Error(result);
  return result;
};
const token = fc.stringMatching(/^[a-zA-Z0-9_/-]{1,6}$/);

describe('subject patterns', () => {
  it.each<[string, string, string, Record<string, string>]>([
    ['md.{venue}.{symbol}.quote', 'md.*.*.quote', 'md.XNAS.AAPL.quote', { venue: 'XNAS', symbol: 'AAPL' }],
    [
      'tw.orders.{venue?}.{strategy?}',
      'tw.orders.>',
      'tw.orders.XNAS.maker.extra',
      { venue: 'XNAS', strategy: 'maker' },
    ],
    ['tw.orders.{venue?}.{strategy?}', 'tw.orders.>', 'tw.orders.XNAS', { venue: 'XNAS' }],
    ['a.{x}.*.{y?}', 'a.*.*.>', 'a.1.2.3', { x: '1', y: '3' }],
    ['a.{x}.>', 'a.*.>', 'a.1.2.3', { x: '1' }],
    ['plain.subject', 'plain.subject', 'plain.subject', {}],
  ])('%s listens to %s', (pattern, filter, subject, labels) => {
    expect(compiled(pattern).filter).toBe(filter);
    expect(compiled(pattern).extract(subject)).toEqual(labels);
    expect(subjectCovers(filter, subject)).toBe(true);
  });

  it.each([
    ['a..b', 'a token is empty'],
    ['a.>.b', '">" is not a subject token'],
    ['a.b c', '"b c" is not a subject token'],
    ['a.x{y}', '"x{y}" is not a subject token'],
    ['a.{9}', '{9} is not a label name'],
    ['a.{__proto__}', '{__proto__} is not a label name'],
    ['a.{x}.{x}', '{x} stands twice'],
    ['a.{x?}.b', 'only {name?} may follow {name?}'],
  ])('refuses %s', (pattern, reason) => {
    expect(compileSubjectPattern(pattern)).toContain(reason);
  });

  it('reads back the tokens that a subject was made of', () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 6 }), (tokens) => {
        const { filter, extract } = compiled(tokens.map((_, i) => `{t${i}}`).join('.'));
        expect(filter).toBe(tokens.map(() => '*').join('.'));
        expect(Object.values(extract(tokens.join('.')))).toEqual(tokens);
      }),
    );
  });
});

describe('coverage of subjects', () => {
  it.each([
    ['tw.>', 'tw.orders.>', true],
    ['tw.orders.*', 'tw.orders.>', false],
    ['tw.*.a', 'tw.x.a', true],
    ['tw.x.a', 'tw.*.a', false],
    ['>', 'anything.at.all', true],
    ['tw.>', 'tw', false],
    ['tw.a', 'tw.a.b', false],
    ['tw.a.b', 'tw.a', false],
    ['tw.*.*', 'tw.*.*', true],
  ])('%s covers %s: %p', (wide, filter, expected) => {
    expect(subjectCovers(wide, filter)).toBe(expected);
  });
});
