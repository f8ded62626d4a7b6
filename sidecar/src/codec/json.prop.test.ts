/** Laws of the JSON codec: it never throws, it keeps what is valid, and its fast way says what the schema says. */
import { wireMetric } from '@tapewatch/contract';
import fc from 'fast-check';
import type { DecodeContext } from '../ports.ts';
import type { Sample } from '@tapewatch/core';
import { CollectingSink } from './testing/collecting-sink.ts';
import { LabelInterner } from './label-interner.ts';
import { MESSAGE_MAX_BYTES } from './limit.ts';
import { checkedMetric, fastMetric } from './metric.ts';
import { PROBLEM_REASONS, ProblemList } from './problem.ts';
import { StampReader } from './stamp.ts';
import { contextOf, RECEIVED, testJsonCodec } from './testing/decode.ts';

const codec = testJsonCodec();

interface Made {
  readonly sample: Sample;
  readonly exemplars: readonly string[];
}

/** What one way makes of an item: its sample with its exemplar, or undefined. */
function by(way: typeof fastMetric | typeof checkedMetric, item: object, context: DecodeContext): Made | undefined {
  const [sink, stamp] = [new CollectingSink(), new StampReader()];
  stamp.begin(context.receivedNanos);
  way(item, { context, interner: new LabelInterner(), stamp, sink, problems: new ProblemList() });
  const { samples, exemplars } = sink.take();
  return samples[0] === undefined ? undefined : { sample: samples[0], exemplars };
}
const kinds = [
  'metric',
  'order',
  'fill',
  'quote',
  'health',
  'event',
] as const satisfies readonly DecodeContext['payloadKind'][];
const kind = fc.constantFrom(...kinds);

/** Values that a hostile or careless publisher might put anywhere. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1e308,
    'NaN',
    '',
    '__proto__',
    [],
    {},
    'constructor',
    '9999999999999999999',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
/** Many valid values for one odd one, so that whole items are valid often enough. */
const mostly = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 19, arbitrary: valid }, { weight: 1, arbitrary: odd });
const label = fc.oneof(
  { weight: 19, arbitrary: fc.stringMatching(/^[a-z]{1,6}$/) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', '__name__', 'toString', '', '9', 'ä') },
);
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const id = fc.oneof(fc.stringMatching(/^[0-9a-f]{32}$/), fc.string({ maxLength: 66 }), fc.constant(null));
const metric = fc.record(
  {
    name: mostly(fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}$/)),
    type: mostly(fc.constantFrom('gauge', 'counter', 'observation', 'histogram')),
    value: mostly(fc.double()),
    time: mostly(
      fc.oneof(
        fc.integer({ min: 0, max: Number(RECEIVED / 1_000_000_000n) }),
        fc.bigInt({ min: 0n, max: RECEIVED }).map(String),
      ),
    ),
    labels: mostly(fc.dictionary(label, mostly(scalar), { maxKeys: 3 })),
    unit: mostly(fc.string({ maxLength: 66 })),
    help: mostly(fc.string()),
    trace_id: mostly(id),
    span_id: mostly(id),
    extra: odd,
  },
  { requiredKeys: ['name', 'value'] },
);

function expectSane(payload: Uint8Array, context: DecodeContext): void {
  const { samples, events, problems } = codec.decode(payload, context);
  expect(context.payloadKind === 'metric' ? events : samples).toEqual([]);
  for (const { reason, detail, excerpt } of problems) {
    expect(PROBLEM_REASONS).toContain(reason);
    expect(detail.length).toBeLessThanOrEqual(512);
    expect(excerpt.length).toBeLessThanOrEqual(1024);
  }
}

describe('the JSON codec', () => {
  it('never throws on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), kind, (bytes, k) => expectSane(bytes, contextOf(k))));
  });

  it('never throws on arbitrary JSON, whole or cut or with a byte changed', () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(odd, metric, fc.array(metric)), kind, place, fc.nat(255), (value, k, at, byte) => {
        const payload = Buffer.from(JSON.stringify(value));
        expectSane(payload, contextOf(k));
        expectSane(payload.subarray(0, Math.floor(payload.length * at)), contextOf(k));
        payload[Math.floor(payload.length * at)] = byte;
        expectSane(payload, contextOf(k));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['[', '{"a":', '[{"labels":'])(
    'survives 200,000 levels of %s, closed or not, with and without an escape',
    (open) => {
      const close = open.endsWith(':') ? '}' : ']';
      for (const inner of ['1', '"\\ud83d"']) {
        for (const text of [open.repeat(80_000), open.repeat(80_000) + inner + close.repeat(80_000)]) {
          for (const k of kinds) expectSane(Buffer.from(`[${text}]`), contextOf(k));
        }
      }
    },
  );

  it('refuses a label of 10 MB by its size', () => {
    const payload = Buffer.from(JSON.stringify({ name: 'up', value: 1, labels: { a: 'x'.repeat(10_000_000) } }));
    const [problem] = codec.decode(payload, contextOf()).problems;
    expect(problem?.reason).toBe('too_large');
    expect(payload.length).toBeGreaterThan(MESSAGE_MAX_BYTES);
  });

  it('never touches the prototype of objects', () => {
    const payload = Buffer.from(
      '[{"__proto__":{"polluted":1},"name":"up","value":1,"constructor":{"prototype":{"polluted":1}}}]',
    );
    expect(codec.decode(payload, contextOf()).samples).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('the fast way', () => {
  it('yields a sample only where the schema yields the same one', () => {
    let taken = 0;
    fc.assert(
      fc.property(metric, (generated) => {
        // Through text, as on the wire: no undefined, no prototypes, own `__proto__` keys.
        const item = JSON.parse(JSON.stringify(generated)) as object;
        const context = contextOf('metric', { site: 'ny' });
        const fast = by(fastMetric, item, context);
        if (fast === undefined) return;
        taken++;
        expect(wireMetric.safeParse(item).success).toBe(true);
        expect(fast).toEqual(by(checkedMetric, item, context));
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it('takes every plain number metric', () => {
    const plain = fc.record(
      {
        name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}$/),
        type: fc.constantFrom('gauge', 'counter', 'observation'),
        value: fc.double({ noNaN: true, noDefaultInfinity: true }),
        time: fc.integer({ min: 0, max: Number(RECEIVED / 1_000_000_000n) }),
        labels: fc.dictionary(
          fc.stringMatching(/^[a-z][a-z_]{0,5}$/),
          fc.oneof(fc.string(), fc.integer(), fc.boolean()),
        ),
      },
      { requiredKeys: ['name', 'value'] },
    );
    fc.assert(
      fc.property(plain, (item) => {
        const fast = by(fastMetric, item, contextOf());
        expect(fast).toBeDefined();
        expect(fast).toEqual(by(checkedMetric, item, contextOf()));
      }),
    );
  });
});

describe('the way by bytes', () => {
  const items = fc.array(fc.oneof({ weight: 9, arbitrary: metric }, { weight: 1, arbitrary: odd }), { maxLength: 4 });
  /** White space where JSON allows it, and spellings of numbers that writers other than ours choose. */
  const spelled = fc.tuple(items, fc.constantFrom(undefined, 1, '\t'), fc.constantFrom('array', 'lines', 'single'));

  it('says of every message what the careful way says', () => {
    let taken = 0;
    fc.assert(
      fc.property(spelled, ([list, space, shape]) => {
        const texts = list.map((item) => JSON.stringify(item, null, space));
        const text =
          shape === 'array' ? `[${texts.join(', ')}]` : shape === 'lines' ? texts.join('\n') : (texts[0] ?? '');
        const context = contextOf('metric', { site: 'ny' });
        // A byte order mark sends a message the careful way.
        const careful = codec.decode(Buffer.from(`\uFEFF${text}`), context);
        const twice = [0, 1].map(() => codec.decode(Buffer.from(text), context));
        for (const { samples, exemplars, problems } of twice) {
          expect(samples).toEqual(careful.samples);
          expect(exemplars).toEqual(careful.exemplars);
          expect(problems.map(({ reason, detail }) => [reason, detail])).toEqual(
            careful.problems.map(({ reason, detail }) => [reason, detail]),
          );
        }
        if (careful.problems.length === 0) taken++;
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  it('reads every spelling of a number as JSON.parse does', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/);
    fc.assert(
      fc.property(fc.oneof(digits, fc.double().map(String)), (text) => {
        const samples = codec.decode(Buffer.from(`{"name":"up","value":${text}}`), contextOf()).samples;
        let expected: number | undefined;
        try {
          expected = JSON.parse(text) as number;
        } catch {
          expected = undefined;
        }
        const finite = expected !== undefined && Number.isFinite(expected);
        expect(samples.map((sample) => sample.kind === 'gauge' && sample.value)).toEqual(finite ? [expected] : []);
      }),
      { numRuns: 3000 },
    );
  });
});
