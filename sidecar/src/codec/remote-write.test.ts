/** Remote write 1.0 and 2.0: samples, native histograms as DOMAIN.md 1.4 gives them, stale markers, hostile requests. */
import type { Sample } from '@tapewatch/core';
import fc from 'fast-check';
import { PROBLEM_REASONS } from './problem.ts';
import { remoteWriteCodec } from './remote-write.ts';
import { SeriesCache } from './series-cache.ts';
import { contextOf, decoding, reasonsOf, RECEIVED, type TestCodec, sampleText } from './testing/decode.ts';
import { type TestNative, type TestSeries, writeRequest, writeRequest2 } from './testing/remote-write.ts';

const NOW_MS = Number(RECEIVED / 1_000_000n);
const VERSIONS = [
  ['1.0', 1, writeRequest],
  ['2.0', 2, writeRequest2],
] as const;

function histogramIn(samples: readonly Sample[]) {
  const [sample] = samples;
  if (sample?.kind !== 'histogram') throw new Error('no histogram');
  return sample.histogram;
}

describe.each(VERSIONS)('remote write %s', (_name, version, write) => {
  const newCodec = (): TestCodec => decoding(remoteWriteCodec(version)(new SeriesCache()));
  const decode = (list: readonly TestSeries[], codec = newCodec()) => codec.decode(write(list), contextOf());
  /** From a mark on, so that the second total is all there is. */
  const gained = (native: TestNative) => {
    const codec = newCodec();
    const labels = { __name__: 'h' };
    decode(
      [
        {
          labels,
          natives: [
            {
              schema: native.schema,
              spans: [],
              timeMs: NOW_MS,
              ...(native.customValues === undefined ? {} : { customValues: native.customValues }),
            },
          ],
        },
      ],
      codec,
    );
    return decode([{ labels, natives: [{ ...native, timeMs: NOW_MS }] }], codec);
  };

  it('takes samples in order, kinds by the name, milliseconds exactly', () => {
    const { samples, problems } = decode([
      {
        labels: { __name__: 'http_requests_total', code: '200' },
        samples: [
          { value: 3, timeMs: NOW_MS - 1 },
          { value: 4, timeMs: NOW_MS },
        ],
      },
      { labels: { __name__: 'up', job: 'node' }, samples: [{ value: 1, timeMs: NOW_MS }] },
      { labels: { __name__: 'h_bucket', le: '+Inf' }, samples: [{ value: 9, timeMs: NOW_MS }] },
    ]);
    expect(samples.map(sampleText)).toEqual([
      `http_requests_total{code="200"} counter 3 @${RECEIVED - 1_000_000n}`,
      `http_requests_total{code="200"} counter 4 @${RECEIVED}`,
      `up{job="node"} gauge 1 @${RECEIVED}`,
      `h_bucket{le="+Inf"} counter 9 @${RECEIVED}`,
    ]);
    expect(problems).toEqual([]);
  });

  it('takes exemplars of series that are known, beside their samples or before them in the request', () => {
    const exemplar = (trace: string, value: number) => ({ labels: { trace_id: trace }, value, timeMs: NOW_MS - 5 });
    const bucket = { __name__: 'h_bucket', le: '0.5' };
    const codec = newCodec();
    const { exemplars, problems } = decode(
      [
        { labels: bucket, exemplars: [exemplar('a', 0.3)] },
        { labels: bucket, samples: [{ value: 9, timeMs: NOW_MS }], exemplars: [exemplar('b', 0.4)] },
        { labels: { __name__: 'native' }, natives: [{ schema: 0, spans: [], timeMs: NOW_MS }] },
      ],
      codec,
    );
    const at = `@${RECEIVED - 5_000_000n}`;
    expect([exemplars, problems]).toEqual([
      [`h_bucket{le="0.5"} 0.3 {trace_id=a} ${at}`, `h_bucket{le="0.5"} 0.4 {trace_id=b} ${at}`],
      [],
    ]);
    // Prometheus sends those of a native histogram under its bare name, which tells no kind.
    const later = decode([{ labels: { __name__: 'native' }, exemplars: [exemplar('c', 7)] }], codec);
    expect([later.exemplars, later.problems]).toEqual([[`native 7 {trace_id=c} ${at}`], []]);
  });

  it('only counts exemplars of unknown series, and those without a time', () => {
    const exemplar = { labels: { trace_id: 'a' }, value: 1, timeMs: NOW_MS };
    const { exemplars, samples, problems } = decode([
      { labels: { __name__: 'nobody' }, exemplars: [exemplar, exemplar] },
      { labels: { __name__: 'up' }, samples: [{ value: 1, timeMs: NOW_MS }], exemplars: [{ ...exemplar, timeMs: -1 }] },
    ]);
    expect([exemplars, samples.length]).toEqual([[], 1]);
    expect(problems).toEqual([expect.objectContaining({ reason: 'exemplar', items: 3, countOnly: true })]);
  });

  it("reads the specification's example of spans and deltas", () => {
    const histogram = histogramIn(
      gained({
        schema: 3,
        count: 37,
        sum: 5,
        spans: [
          [4, 1],
          [2, 3],
        ],
        deltas: [10, 10, -15, -3],
      }).samples,
    );
    // OpenTelemetry's offset 3 with the counts 10, 0, 0, 20, 5, 2.
    expect([...histogram.positive]).toEqual([
      [3, 10],
      [6, 20],
      [7, 5],
      [8, 2],
    ]);
    expect([histogram.scale, histogram.count, histogram.sum]).toEqual([3, 37, 5]);
  });

  it('reads negative buckets, the zero bucket and fractional counts', () => {
    const native = {
      schema: 0,
      zeroThreshold: 0.001,
      zeroCount: 2,
      spans: [[0, 1]],
      counts: [1.5],
      negativeSpans: [[1, 1]],
      negativeDeltas: [4],
    } as const;
    const histogram = histogramIn(gained(native).samples);
    expect([...histogram.positive, ...histogram.negative]).toEqual([
      [-1, 1.5],
      [0, 4],
    ]);
    expect([histogram.zeroCount, histogram.zeroThreshold, histogram.count]).toEqual([2, 0.001, 7.5]);
    expect([histogram.min, histogram.max]).toEqual([-2, 1]);
  });

  it('reads custom buckets', () => {
    const native = {
      schema: -53,
      spans: [
        [0, 1],
        [1, 1],
      ],
      deltas: [3, -1],
      customValues: [0.1, 0.5],
    } as const;
    const histogram = histogramIn(gained(native).samples);
    expect(histogram.customBounds).toEqual([0.1, 0.5]);
    expect([...histogram.positive]).toEqual([
      [0, 3],
      [2, 2],
    ]);
  });

  it('takes totals apart: a mark, gains, a decrease or a hint as a reset', () => {
    const codec = newCodec();
    const counts = (deltas: readonly number[], resetHint = 0): number =>
      histogramIn(
        decode(
          [
            {
              labels: { __name__: 'h' },
              natives: [{ schema: 0, spans: [[1, deltas.length]], deltas, resetHint, timeMs: NOW_MS }],
            },
          ],
          codec,
        ).samples,
      ).count;
    expect([counts([5]), counts([5, 2]), counts([5, 2]), counts([1]), counts([3], 1), counts([4])]).toEqual([
      0, 7, 0, 1, 3, 1,
    ]);
  });

  it('ends a series at a stale marker, and only there', () => {
    const marked = decode([{ labels: { __name__: 'up' }, samples: [{ value: 'stale', timeMs: NOW_MS }] }]);
    expect([marked.samples, marked.ends]).toEqual([[], [`up @${RECEIVED}`]]);
    const [sample] = decode([{ labels: { __name__: 'up' }, samples: [{ value: NaN, timeMs: NOW_MS }] }]).samples;
    expect(sample).toMatchObject({ value: NaN });
  });

  it('loses only the series and samples that are bad', () => {
    const decoded = decode([
      { labels: { job: 'nameless' }, samples: [{ value: 1, timeMs: NOW_MS }] },
      { labels: { __name__: 'up', 'bad-label': 'x' }, samples: [{ value: 1, timeMs: NOW_MS }] },
      { labels: { __name__: 'up', a: 'x'.repeat(5_000) }, samples: [{ value: 1, timeMs: NOW_MS }] },
      {
        labels: { __name__: 'up' },
        samples: [
          { value: 1, timeMs: NOW_MS + 1e10 },
          { value: 2, timeMs: NOW_MS },
        ],
      },
      { labels: { __name__: 'h' }, natives: [{ schema: 9, spans: [], timeMs: NOW_MS }] },
      { labels: { __name__: 'h' }, natives: [{ schema: 0, spans: [[0, 2]], deltas: [1], timeMs: NOW_MS }] },
      { labels: { __name__: 'h' }, natives: [{ schema: 0, spans: [[0, 1]], deltas: [-1], timeMs: NOW_MS }] },
      { labels: { __name__: 'h' }, natives: [{ schema: 0, spans: [[1e9, 1]], deltas: [1], timeMs: NOW_MS }] },
      { labels: { __name__: 'h' }, natives: [{ schema: 0, spans: [], resetHint: 3, timeMs: NOW_MS }] },
    ]);
    expect(decoded.samples.map(sampleText)).toEqual([`up gauge 2 @${RECEIVED}`]);
    expect(reasonsOf(decoded)).toEqual([
      'schema',
      'schema',
      'label_limit',
      'time_future',
      ...Array<string>(5).fill('schema'),
    ]);
  });

  it('never throws on damaged requests', () => {
    const good = write([
      { labels: { __name__: 'up', a: 'b' }, samples: [{ value: 1, timeMs: NOW_MS }] },
      { labels: { __name__: 'h' }, natives: [{ schema: 2, spans: [[1, 2]], deltas: [1, 1], timeMs: NOW_MS }] },
    ]);
    const codec = newCodec();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 100 }), (at, byte, bytes) => {
        const damaged = Buffer.from(good);
        damaged[at] = byte;
        for (const payload of [damaged, damaged.subarray(0, at), bytes]) {
          for (const { reason } of codec.decode(payload, contextOf()).problems)
            expect(PROBLEM_REASONS).toContain(reason);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

it('takes unit and help from the metadata of version 2.0, and created histograms whole', () => {
  const codec = decoding(remoteWriteCodec(2)(new SeriesCache()));
  const created = { schema: 0, spans: [[1, 1]], deltas: [6], timeMs: NOW_MS + 2 } as const;
  const { samples } = codec.decode(
    writeRequest2([
      { labels: { __name__: 'up' }, samples: [{ value: 1, timeMs: NOW_MS }], help: 'Whether.', unit: 'ratio' },
      { labels: { __name__: 'h' }, natives: [created], createdMs: NOW_MS + 1 },
    ]),
    contextOf(),
  );
  expect(samples[0]).toMatchObject({ unit: 'ratio', help: 'Whether.' });
  expect(histogramIn(samples.slice(1)).count).toBe(6);
});
