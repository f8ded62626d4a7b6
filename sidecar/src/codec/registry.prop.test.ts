/**
 * Every codec against garbage (PERFORMANCE.md 6, rows 16, 17 and 21): nothing throws, every reason is a known one, and a good
 * message decodes as before. TAPEWATCH_FUZZ_RUNS sets how many runs each codec gets.
 */
import { CODEC_SETTINGS } from '@tapewatch/contract';
import fc from 'fast-check';
import { PROBLEM_REASONS } from './problem.ts';
import { contextOf, decodingRegistry, sampleText } from './testing/decode.ts';

const numRuns = Number(process.env['TAPEWATCH_FUZZ_RUNS'] ?? 1_000);
const registry = decodingRegistry();
const GOOD = Buffer.from('{"name":"up","value":1,"labels":{"a":"b"}}');

/** Bytes that begin like something. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .tuple(
      fc.constantFrom(
        [0xff, 0xff, 0xff, 0xff],
        [0x0a],
        [0x7b],
        [0x5b, 0x7b],
        [0x92],
        [0xdd],
        [0x61, 0x20],
        [0x80, 0x01],
      ),
      fc.uint8Array({ maxLength: 200 }),
    )
    .map(([head, rest]) => Uint8Array.from([...head, ...rest])),
);

describe.each(CODEC_SETTINGS)('garbage for the codec %s', (setting) => {
  it('throws nothing, says a known reason, and spoils nothing for the next message', () => {
    const codec = registry.codecFor('', setting);
    const json = registry.codecFor('application/json', 'auto');
    const expected = json.decode(GOOD, contextOf()).samples.map(sampleText);
    const kinds = fc.constantFrom('metric', 'metric', 'metric', 'order', 'health' as const);
    fc.assert(
      fc.property(bytes, kinds, (payload, kind) => {
        for (const { reason, detail, excerpt } of codec.decode(payload, contextOf(kind)).problems) {
          expect(PROBLEM_REASONS).toContain(reason);
          expect(detail.length).toBeLessThanOrEqual(512);
          expect(excerpt.length).toBeLessThanOrEqual(1_024);
        }
        expect(json.decode(GOOD, contextOf()).samples.map(sampleText)).toEqual(expected);
      }),
      { numRuns },
    );
  });
});

describe('labels of hostile senders, in every text format (row 17)', () => {
  const written = (
    name: string,
    labels: readonly (readonly [string, string])[],
  ): readonly (readonly [string, Buffer])[] => [
    [
      'json',
      Buffer.from(
        `{"name":${JSON.stringify(name)},"value":1,"labels":{${labels.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}}`,
      ),
    ],
    ['line', Buffer.from(`${name}${labels.map(([k, v]) => `,${k}=${v}`).join('')} value=1`)],
  ];
  const many = Array.from({ length: 10_000 }, (_, i) => [`l${i}`, 'x'] as const);

  it.each<[string, string, readonly (readonly [string, string])[], string]>([
    ['10,000 labels', 'up', many, 'label_limit'],
    ['a value of 100 KB', 'up', [['a', 'x'.repeat(100_000)]], 'label_limit'],
    ['a name of 500 KB', 'u'.repeat(500_000), [], 'schema'],
  ])('%s are refused', (_what, name, labels, reason) => {
    for (const [setting, payload] of written(name, labels)) {
      const { samples, problems } = registry.codecFor('', setting as 'json').decode(payload, contextOf());
      expect([setting, samples.length, problems.map((problem) => problem.reason)]).toEqual([setting, 0, [reason]]);
    }
  });

  it('NUL, right-to-left signs and emoji in values are kept as they are; a line break is one in JSON', () => {
    const value = '\0\u202E\u{1F600}é';
    for (const [setting, payload] of written('up', [['a', value]])) {
      const { samples } = registry.codecFor('', setting as 'json').decode(payload, contextOf());
      expect(samples[0]?.labels.get('a')).toBe(value);
    }
    const [, broken] = written('up', [['a', 'x\ny']])[0] as readonly [string, Buffer];
    expect(registry.codecFor('', 'json').decode(broken, contextOf()).samples[0]?.labels.get('a')).toBe('x\ny');
  });
});
