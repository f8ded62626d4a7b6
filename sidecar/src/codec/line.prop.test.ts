/** Laws of line protocol: what is written is read back, a bad line takes no other with it, nothing throws. */
import fc from 'fast-check';
import { PROBLEM_REASONS } from './problem.ts';
import { contextOf, decodeText, testLineCodec } from './testing/decode.ts';

const codec = testLineCodec();
const escaped = (text: string, signs: RegExp): string => text.replace(signs, '\\$&');
/** A backslash cannot be escaped in a name, so it may not stand before a sign that can; a line break has no escape. */
const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/[\\\r\n]/.test(text));
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,7}$/);
const point = fc.record({
  measurement: name,
  tags: fc.dictionary(name, value, { maxKeys: 4 }),
  fields: fc.dictionary(
    name.filter((key) => key !== 'value'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    { minKeys: 1, maxKeys: 3 },
  ),
  time: fc.bigInt({ min: 0n, max: 1_753_612_200_000_000_000n }),
});
type Point = typeof point extends fc.Arbitrary<infer P> ? P : never;

function written({ measurement, tags, fields, time }: Point): string {
  const tagText = Object.entries(tags).map(([key, text]) => `,${key}=${escaped(text, /[,= ]/g)}`);
  const fieldText = Object.entries(fields).map(([key, number]) => `${key}=${number}`);
  return `${measurement}${tagText.join('')} ${fieldText.join()} ${time}`;
}

describe('line protocol', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 5 }), (points) => {
        const { samples, problems } = decodeText(codec, points.map(written).join('\n'));
        expect(problems).toEqual([]);
        const expected = points.flatMap(({ measurement, tags, fields, time }) =>
          Object.entries(fields).map(([key, number]) => ({
            labels: { __name__: `${measurement}_${key}`, ...tags },
            time,
            // Written as text, minus zero has lost its sign.
            value: number + 0,
          })),
        );
        expect(
          samples.map((s) => ({
            labels: s.labels.toRecord(),
            time: s.timeNanos,
            value: s.kind !== 'histogram' && s.value,
          })),
        ).toEqual(expected);
      }),
    );
  });

  it('loses only bad lines, wherever they stand', () => {
    // No lone quote: after an open one it would close a text of several lines, which is valid.
    const bad = fc.constantFrom('x', 'x y', 'x y=', 'x y="open', 'x y=1 z', '=', '\\', 'x \\', ',', 'x,t y=1');
    fc.assert(
      fc.property(fc.array(fc.oneof(point.map(written), bad), { maxLength: 12 }), (lines) => {
        const good = lines.filter((line) => / \d+$/.test(line));
        const alone = good.flatMap((line) => decodeText(codec, line).samples);
        expect(decodeText(codec, lines.join('\n')).samples).toEqual(alone);
      }),
    );
  });

  it('answers the same whatever it read before, in whichever order', () => {
    const series = fc.constantFrom('a', 'a,t=1', 'ab', 'b,t=x\\ y', '#a', '"');
    const fields = fc.constantFrom(
      'f=1',
      'f=-2.5e3',
      'value=1',
      'f=1,g=2',
      'f=1i',
      'f=t',
      'f="x"',
      'f=1e999',
      'f',
      'f=1 ',
    );
    const stamp = fc.constantFrom('', ' 5', ' 5', ' 1753612200000000000', ' x', ' 99999999999999999999', ' 7 ', '\r');
    const lines = fc.array(
      fc.tuple(series, fields, stamp).map(([a, b, c]) => `${a} ${b}${c}`),
      { maxLength: 8 },
    );
    // Few lines, repeated, so that the same ones follow each other again and again.
    const messages = fc.tuple(lines, lines, fc.array(fc.boolean(), { maxLength: 12 })).map(([a, b, order]) => {
      return order.map((first) => (first ? a : b).join('\n'));
    });
    fc.assert(
      fc.property(messages, (texts) => {
        const experienced = testLineCodec();
        for (const text of texts) expect(decodeText(experienced, text)).toEqual(decodeText(testLineCodec(), text));
      }),
      { numRuns: 500 },
    );
  });

  it('never throws on arbitrary bytes or on damaged lines', () => {
    const damaged = fc.tuple(point, fc.nat(80), fc.nat(255)).map(([p, at, byte]) => {
      const bytes = Buffer.from(written(p));
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    const soup = fc
      .array(fc.constantFrom('a', '=', ',', ' ', '\\', '"', '\n', '1', '#', 'i', '\r'), { maxLength: 60 })
      .map((signs) => Buffer.from(signs.join('')));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged, soup), (bytes) => {
        for (const { reason } of codec.decode(bytes, contextOf()).problems) expect(PROBLEM_REASONS).toContain(reason);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['"', 'a b="', 'a b="\\"\n', 'a b="\n', '\\', ' ', 'a b=c,', '\n', 'a,'])(
    'takes a full message of %j in a bounded number of problems',
    (unit) => {
      const payload = Buffer.from(unit.repeat(Math.floor(1_048_576 / unit.length)));
      expect(codec.decode(payload, contextOf()).problems.length).toBeLessThanOrEqual(16 + PROBLEM_REASONS.length);
    },
  );
});
