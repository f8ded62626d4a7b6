/**
 * Series as Prometheus remote write 1.0 requests: protobuf by hand, Snappy with literals only (which every decoder
 * takes). Written from the message definitions, not with the sidecar's codec, so that the two do not share a mistake.
 * Source: Prometheus, prompb/types.proto and remote.proto.
 */
import type { ExponentialHistogram, SeriesData } from '@tapewatch/core';

/** Longest literal that two length bytes can say. */
const MAX_LITERAL = 65_536;

/** One request with the samples whose stamps lie in [fromMs, toMs); undefined when there are none. */
export function writeRequest(series: readonly SeriesData[], fromMs: number, toMs: number): Uint8Array | undefined {
  const parts = series.map((one) => timeSeries(one, fromMs, toMs)).filter((bytes) => bytes.length > 0);
  return parts.length === 0 ? undefined : snappy(Uint8Array.from(parts.flatMap((bytes) => field(1, bytes))));
}

function timeSeries({ labels, timesMs, values, histograms }: SeriesData, fromMs: number, toMs: number): number[] {
  const points: number[] = [];
  for (let i = 0; i < timesMs.length; i++) {
    const time = timesMs[i] as number;
    if (time < fromMs || time >= toMs) continue;
    const histogram = histograms?.[i];
    if (histogram !== undefined) points.push(...field(4, histogramMessage(histogram, time)));
    else points.push(...field(2, [...double(1, values[i] as number), ...varintField(2, BigInt(time))]));
  }
  if (points.length === 0) return [];
  const names = labels.pairs.flatMap(([name, value]) => field(1, [...text(1, name), ...text(2, value)]));
  return [...names, ...points];
}

/** Counts are whole numbers here; Prometheus numbers a bucket by its upper bound, one more than we do. */
function histogramMessage(histogram: ExponentialHistogram, timeMs: number): number[] {
  const [negative, positive] = [histogram.negative, histogram.positive].map((side) => spansOf(side));
  return [
    ...varintField(1, BigInt(histogram.count)),
    ...double(3, histogram.sum),
    ...varintField(4, zigzag(histogram.scale)),
    ...double(5, histogram.zeroThreshold),
    ...varintField(6, BigInt(histogram.zeroCount)),
    ...(negative as Side).spans.flatMap((span) => field(8, span)),
    ...field(9, (negative as Side).deltas),
    ...(positive as Side).spans.flatMap((span) => field(11, span)),
    ...field(12, (positive as Side).deltas),
    ...varintField(15, BigInt(timeMs)),
  ];
}

interface Side {
  readonly spans: number[][];
  readonly deltas: number[];
}

function spansOf(side: ReadonlyMap<number, number>): Side {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let [expected, before] = [0, 0];
  for (const [own, count] of side) {
    const index = own + 1;
    const last = spans.at(-1);
    if (last !== undefined && index === expected) last.length++;
    else spans.push({ offset: index - expected, length: 1 });
    expected = index + 1;
    deltas.push(...varint(zigzag(count - before)));
    before = count;
  }
  return {
    spans: spans.map(({ offset, length }) => [...varintField(1, zigzag(offset)), ...varintField(2, BigInt(length))]),
    deltas,
  };
}

function field(number: number, bytes: ArrayLike<number>): number[] {
  return [...varint(BigInt(number * 8 + 2)), ...varint(BigInt(bytes.length)), ...Array.from(bytes)];
}

function text(number: number, value: string): number[] {
  return field(number, new TextEncoder().encode(value));
}

function double(number: number, value: number): number[] {
  return [...varint(BigInt(number * 8 + 1)), ...new Uint8Array(Float64Array.of(value).buffer)];
}

function varintField(number: number, value: bigint): number[] {
  return [...varint(BigInt(number * 8)), ...varint(value)];
}

function zigzag(value: number): bigint {
  return value < 0 ? BigInt(-value) * 2n - 1n : BigInt(value) * 2n;
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}

function snappy(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(varint(BigInt(bytes.length)))];
  for (let at = 0; at < bytes.length; at += MAX_LITERAL) {
    const chunk = bytes.subarray(at, at + MAX_LITERAL);
    const length = chunk.length - 1;
    // Tag 61: a literal whose length less one follows in two bytes.
    parts.push(Uint8Array.of(61 << 2, length & 0xff, length >> 8), chunk);
  }
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}
