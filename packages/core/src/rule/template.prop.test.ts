import fc from 'fast-check';
import { Labels } from '../model/labels.ts';
import { TemplateError, parseTemplate } from './template.ts';

const word = fc.constantFrom(
  '{{',
  '}}',
  '$value',
  '$labels.a',
  '|',
  'printf',
  '"%f"',
  'humanize',
  '-',
  ' ',
  '"',
  '`',
  'x',
  '.',
);

describe('templates under arbitrary input', () => {
  it('either refuses with a place inside the text, or renders without throwing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(word, fc.string()), { maxLength: 12 }),
        fc.double(),
        fc.string(),
        (parts, value, a) => {
          const text = parts.join('');
          try {
            expect(typeof parseTemplate(text).render({ labels: Labels.from({ a }), value })).toBe('string');
          } catch (error) {
            expect(error).toBeInstanceOf(TemplateError);
            expect((error as TemplateError).position).toBeGreaterThanOrEqual(0);
            expect((error as TemplateError).position).toBeLessThan(text.length);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('leaves text without braces as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('{{')),
        (text) => {
          expect(parseTemplate(text).render({ labels: Labels.empty, value: 1 })).toBe(text);
        },
      ),
    );
  });
});
