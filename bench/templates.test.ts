/** What the publisher sends, read by the sidecar's own codecs. */
import { contextOf, decodingRegistry } from '../sidecar/src/codec/testing/decode.ts';
import { Stamp } from './message/stamp.ts';
import { BENCH_CODECS, codecsOf, contentTypeOf, settingOf, templates, type BenchCodec } from './templates.ts';

const SERIES = 1_000;
const NANOS = 1_753_612_200_123_000_000n;

/** `name{labels} value`, of the first variant of each series, stamped twice: once as it was sent before. */
function sent(codec: BenchCodec): { texts: string[]; stamps: Set<bigint>; problems: number } {
  const [stamp, reader] = [new Stamp(), decodingRegistry().codecFor(contentTypeOf(codec), settingOf(codec))];
  const found = { texts: [] as string[], stamps: new Set<bigint>(), problems: 0 };
  const messages = templates(codec, SERIES);
  for (let at = 0, taken = 0; taken < SERIES; taken += messages[at++]?.samples ?? NaN) {
    const message = messages[at] as (typeof messages)[number];
    for (const nanos of [NANOS - 86_400_000_000_000n, NANOS]) {
      stamp.set(nanos);
      stamp.putInto(message);
    }
    const { samples, problems } = reader.decode(message.payload, contextOf());
    expect(samples).toHaveLength(message.samples);
    found.problems += problems.length;
    for (const sample of samples) {
      found.stamps.add(sample.timeNanos);
      const { job: _, ...labels } = Object.fromEntries(sample.labels.pairs);
      found.texts.push(`${JSON.stringify(Object.entries(labels).sort())} ${'value' in sample ? sample.value : ''}`);
    }
  }
  found.texts.sort();
  return found;
}

const expected = sent('json-batch-100').texts;

it.each(BENCH_CODECS)('%s: the samples of all others, at the time of sending', (codec) => {
  const { texts, stamps, problems } = sent(codec);
  expect(problems).toBe(0);
  expect([...stamps]).toEqual([NANOS]);
  expect(texts).toEqual(expected);
});

it('finds codecs by how their names begin, and refuses what none is called', () => {
  expect(codecsOf(undefined)).toEqual(BENCH_CODECS);
  expect(codecsOf('line-single')).toEqual(['line-single']);
  expect(codecsOf('otlp')).toEqual(['otlp-json-batch-100', 'otlp-batch-100', 'otlp-batch-1000']);
  expect(() => codecsOf('protobuf')).toThrow('codec protobuf: expected one of json-single');
});
