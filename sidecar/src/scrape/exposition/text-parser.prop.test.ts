/** Whatever the text, the parser answers or says where it is wrong; what was written well is read back as it was. */
import { METRIC_NAME } from '@tapewatch/core';
import fc from 'fast-check';
import { ExpositionError } from './exposition-error.ts';
import { TextParser, type Dialect } from './text-parser.ts';

function readAll(page: string, dialect: Dialect): { labels: Record<string, string>; value: number }[] {
  const parser = new TextParser(page, dialect);
  const samples = [];
  for (let entry = parser.next(); entry !== 'end'; entry = parser.next()) {
    if (entry === 'sample') samples.push({ labels: Object.fromEntries(parser.labels()), value: parser.value });
    if (entry === 'sample') void parser.exemplar;
  }
  return samples;
}

const dialect = fc.constantFrom<Dialect>('prometheus', 'openmetrics');
/** Texts made of what the grammar is made of reach deeper than arbitrary ones. */
const pieces = fc
  .array(
    fc.constantFrom(
      'a',
      'a_total',
      '{',
      '}',
      '=',
      '"',
      ',',
      ' ',
      '\t',
      '\n',
      '\\',
      '#',
      ' # {',
      '# TYPE ',
      '# HELP ',
      '# UNIT ',
      '# EOF',
      '1',
      '-1.5e3',
      'NaN',
      'counter',
      'é',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

it('answers any text, or refuses it with a place', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), pieces), dialect, (page, format) => {
      try {
        readAll(page, format);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpositionError);
        expect((error as Error).message).toMatch(/^line \d+, column \d+: /);
      }
    }),
    { numRuns: 1_000 },
  );
});

const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/);
const anyText = fc.string({ unit: 'grapheme', maxLength: 20 });
const sample = fc.record({
  name: fc.oneof(
    name,
    anyText.filter((text) => text !== ''),
  ),
  labels: fc.dictionary(
    fc.oneof(
      name,
      anyText.filter((text) => text !== '' && text !== METRIC_NAME),
    ),
    anyText,
    { maxKeys: 4, noNullPrototype: true },
  ),
  value: fc.double(),
});

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
const number = (value: number): string =>
  Number.isNaN(value)
    ? 'NaN'
    : Object.is(value, -0)
      ? '-0'
      : value === Infinity
        ? '+Inf'
        : value === -Infinity
          ? '-Inf'
          : String(value);

it('reads back what was written', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 10 }), dialect, (samples, format) => {
      const lines = samples.map(({ name: metric, labels, value }) => {
        const inner = Object.entries(labels).map(([label, text]) => `${quoted(label)}=${quoted(text)}`);
        return `{${[quoted(metric), ...inner].join(',')}} ${number(value)}\n`;
      });
      const read = readAll(`${lines.join('')}${format === 'openmetrics' ? '# EOF\n' : ''}`, format);
      expect(read).toEqual(
        samples.map(({ name: metric, labels, value }) => ({ labels: { [METRIC_NAME]: metric, ...labels }, value })),
      );
    }),
  );
});
