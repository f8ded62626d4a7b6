/** The law of the printer: what it writes means what it was given, and writing that again changes nothing. */
import fc from 'fast-check';
import { PromqlError } from './error.ts';
import { formatExpr } from './format.ts';
import { parse } from './parse.ts';

/** The tree without positions. */
function shapeOf(text: string): unknown {
  return JSON.parse(
    JSON.stringify(parse(text), (key, value: unknown) => {
      if (key === 'from' || key === 'to') return undefined;
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
    }),
  );
}

const label = fc.constantFrom('venue', 'le', 'by', 'http.status', 'a b');
const quoted = (text: string): string => JSON.stringify(text);
const matcher = fc
  .tuple(label, fc.constantFrom('=', '!=', '=~', '!~'), fc.constantFrom('', 'x', 'a"b', '\\\\d', 'é\n'))
  .map(([name, operator, value]) => `${quoted(name)}${operator}${quoted(value)}`);
const duration = fc.constantFrom(
  '5m',
  '90s',
  '1h30m',
  '1d',
  '1500ms',
  '1w',
  '2y',
  '5m * 2',
  'step()',
  'max_of(step(), 1m)',
);
const shift = fc.constantFrom('', '', ' offset 5m', ' offset -90s', ' @ 12.5', ' @ start()', ' @ end() offset 1h');
const braces = fc
  .array(matcher, { maxLength: 3 })
  .map((matchers) => `{__name__="up"${matchers.map((m) => `,${m}`).join('')}}`);
const name = fc.constantFrom('up', 'x_total', 'job:x:rate5m');
const selector = fc.oneof(
  fc.tuple(name, fc.array(matcher, { maxLength: 2 })).map(([metric, matchers]) => `${metric}{${matchers.join(',')}}`),
  braces,
);
const labels = fc
  .array(fc.constantFrom('venue', 'le', 'strategy'), { maxLength: 2 })
  .map((names) => `(${names.join()})`);
const matching = fc
  .tuple(fc.constantFrom('', 'on', 'ignoring'), labels, fc.constantFrom('', ' group_left', ' group_right(region)'))
  .map(([kind, names, group]) => (kind === '' ? '' : ` ${kind}${names}${group}`));

const { expr } = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(selector, shift).map(([text, by]) => text + by),
    fc.constantFrom('1', '-0.5', '1e300', 'NaN', 'Inf', '0x1f', '.5'),
    fc
      .tuple(selector, duration, fc.constantFrom('', ' anchored', ' smoothed'), shift)
      .map(([text, range, extension, by]) => `rate(${text}[${range}]${extension}${by})`),
    fc
      .tuple(tie('expr'), duration, fc.constantFrom('', '1m'), shift)
      .map(([inner, range, step, by]) => `max_over_time((${inner})[${range}:${step}]${by})`),
    fc
      .tuple(fc.constantFrom('sum', 'avg', 'topk'), fc.constantFrom('', 'by', 'without'), labels, tie('expr'))
      .map(
        ([operation, mode, names, inner]) =>
          `${operation} ${mode === '' ? '' : mode + names} (${operation === 'topk' ? '3, ' : ''}${inner})`,
      ),
    fc
      .tuple(tie('expr'), fc.constantFrom('+', '-', '*', '/', '%', '^', 'atan2'), matching, tie('expr'))
      .map(([a, operator, by, b]) => `${a} ${operator}${by} ${b}`),
    fc
      .tuple(tie('expr'), fc.constantFrom('==', '>', '<= bool', 'and', 'or', 'unless'), tie('expr'))
      .map(([a, operator, b]) => `${a} ${operator} ${b}`),
    fc
      .tuple(fc.constantFrom('-', '+', '('), tie('expr'))
      .map(([sign, inner]) => (sign === '(' ? `(${inner})` : `${sign}${inner}`)),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `label_replace(${a}, "dst", "$1", "src", "(.*)") or ${b}`),
  ),
}));

/** Random texts do not always have the right types; most do. */
function isValid(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof PromqlError) return false;
    throw error;
  }
}

it('parse(formatExpr(parse(x))) is parse(x), and formatting is done once', () => {
  let formatted = 0;
  fc.assert(
    fc.property(expr, (text) => {
      if (!isValid(text)) return;
      formatted++;
      const written = formatExpr(parse(text));
      expect(shapeOf(written)).toEqual(shapeOf(text));
      expect(formatExpr(parse(written))).toBe(written);
    }),
    { numRuns: 1_500 },
  );
  expect(formatted).toBeGreaterThan(500);
});
