/**
 * The protobuf exposition format: `io.prometheus.client.MetricFamily` messages, each with its length before it. Source:
 * Prometheus client_model, metrics.proto. Fields that are not listed here are skipped. Counts are exact up to 2^53.
 */
import type { LabelPair } from '@tapewatch/core';
import type Pbf from 'pbf';
import { openProtobuf } from '../../open-protobuf.ts';
import { ExpositionError } from './exposition-error.ts';
import type { MetricType, PageExemplar } from './text-parser.ts';

export interface WireFamily {
  name: string;
  help: string;
  unit: string;
  type: MetricType;
  metrics: WireMetric[];
}

export interface WireMetric {
  labels: LabelPair[];
  /** 0: none. */
  timestampMs: number;
  /** Of counters, gauges and untyped metrics. */
  value: number;
  /** Of a counter. */
  exemplar: PageExemplar | undefined;
  /** Of a summary and of a histogram. */
  count: number;
  sum: number;
  quantiles: { quantile: number; value: number }[];
  histogram: WireHistogram | undefined;
}

export interface WireHistogram {
  /** Wins over `count` where positive: a histogram of floats. */
  countFloat: number;
  buckets: WireBucket[];
  /** Of the native buckets. */
  exemplars: PageExemplar[];
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  zeroCountFloat: number;
  positive: WireSide;
  negative: WireSide;
}

export interface WireBucket {
  count: number;
  countFloat: number;
  upperBound: number;
  exemplar: PageExemplar | undefined;
}

export interface WireSide {
  spans: { offset: number; length: number }[];
  /** Each bucket's count less the one before. */
  deltas: number[];
  /** Of a histogram of floats: counts as they are. */
  counts: number[];
}

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram'];
/** Wire type of lengths with bytes. */
const LENGTH_DELIMITED = 2;
const strict = new TextDecoder('utf-8', { fatal: true });

/** Throws `ExpositionError` for bytes that are no such messages. */
export function* readFamilies(page: Uint8Array): Generator<WireFamily> {
  const pbf = openProtobuf(page);
  while (pbf.pos < page.length) {
    const start = pbf.pos;
    const family: WireFamily = { name: '', help: '', unit: '', type: 'counter', metrics: [] };
    try {
      message(pbf, page.length, (tag, end) => familyField(family, tag, pbf, end));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ExpositionError(`the metric family at byte ${start} cannot be read: ${reason}`, { cause });
    }
    if (family.name === '') throw new ExpositionError(`the metric family at byte ${start} has no name`);
    yield family;
  }
}

/** Reads a length and the message of that length; fields that `onField` leaves are skipped. */
function message(pbf: Pbf, outerEnd: number, onField: (tag: number, end: number) => void): void {
  const end = pbf.readVarint() + pbf.pos;
  // pbf itself would read on behind the message.
  if (end > outerEnd) throw new RangeError(`a length at byte ${pbf.pos} runs past its message`);
  while (pbf.pos < end) {
    const key = pbf.readVarint();
    pbf.type = key & 7;
    const start = pbf.pos;
    onField(Math.floor(key / 8), end);
    if (pbf.pos === start) pbf.skip(key);
    if (pbf.pos > end) throw new RangeError(`a field at byte ${start} runs past its message`);
  }
}

/** pbf would take numbers from behind the page for a length that lies. */
function checkPacked(pbf: Pbf, messageEnd: number): void {
  if (pbf.type !== LENGTH_DELIMITED) return;
  const start = pbf.pos;
  const end = pbf.readVarint() + pbf.pos;
  pbf.pos = start;
  if (end > messageEnd) throw new RangeError(`a length at byte ${start} runs past its message`);
}

function text(pbf: Pbf): string {
  return strict.decode(pbf.readBytes());
}

function familyField(family: WireFamily, tag: number, pbf: Pbf, end: number): void {
  if (tag === 1) family.name = text(pbf);
  else if (tag === 2) family.help = text(pbf);
  else if (tag === 3) family.type = TYPES[pbf.readVarint()] ?? 'unknown';
  else if (tag === 4) family.metrics.push(readMetric(pbf, end));
  else if (tag === 5) family.unit = text(pbf);
}

function readMetric(pbf: Pbf, outerEnd: number): WireMetric {
  const metric: WireMetric = {
    labels: [],
    timestampMs: 0,
    value: 0,
    exemplar: undefined,
    count: 0,
    sum: 0,
    quantiles: [],
    histogram: undefined,
  };
  message(pbf, outerEnd, (tag, end) => {
    if (tag === 1) metric.labels.push(readLabel(pbf, end));
    else if (tag === 2 || tag === 3 || tag === 5) {
      message(pbf, end, (field, inner) => {
        if (field === 1) metric.value = pbf.readDouble();
        else if (field === 2 && tag === 3) metric.exemplar = readExemplar(pbf, inner);
      });
    } else if (tag === 4) readSummary(metric, pbf, end);
    else if (tag === 6) metric.timestampMs = pbf.readVarint(true);
    else if (tag === 7) readHistogram(metric, pbf, end);
  });
  return metric;
}

function readLabel(pbf: Pbf, outerEnd: number): LabelPair {
  let [name, value] = ['', ''];
  message(pbf, outerEnd, (tag) => {
    if (tag === 1) name = text(pbf);
    else if (tag === 2) value = text(pbf);
  });
  return [name, value];
}

function readSummary(metric: WireMetric, pbf: Pbf, outerEnd: number): void {
  message(pbf, outerEnd, (tag, end) => {
    if (tag === 1) metric.count = pbf.readVarint();
    else if (tag === 2) metric.sum = pbf.readDouble();
    else if (tag === 3) {
      const at = { quantile: 0, value: 0 };
      message(pbf, end, (field) => {
        if (field === 1) at.quantile = pbf.readDouble();
        else if (field === 2) at.value = pbf.readDouble();
      });
      metric.quantiles.push(at);
    }
  });
}

function readHistogram(metric: WireMetric, pbf: Pbf, outerEnd: number): void {
  const histogram: WireHistogram = {
    countFloat: 0,
    buckets: [],
    exemplars: [],
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    zeroCountFloat: 0,
    positive: { spans: [], deltas: [], counts: [] },
    negative: { spans: [], deltas: [], counts: [] },
  };
  const { negative, positive } = histogram;
  const fields: Readonly<Record<number, (end: number) => void>> = {
    1: () => (metric.count = pbf.readVarint()),
    2: () => (metric.sum = pbf.readDouble()),
    3: (end) => histogram.buckets.push(readBucket(pbf, end)),
    4: () => (histogram.countFloat = pbf.readDouble()),
    5: () => (histogram.schema = pbf.readSVarint()),
    6: () => (histogram.zeroThreshold = pbf.readDouble()),
    7: () => (histogram.zeroCount = pbf.readVarint()),
    8: () => (histogram.zeroCountFloat = pbf.readDouble()),
    9: (end) => negative.spans.push(readSpan(pbf, end)),
    10: (end) => void (checkPacked(pbf, end), pbf.readPackedSVarint(negative.deltas)),
    11: (end) => void (checkPacked(pbf, end), pbf.readPackedDouble(negative.counts)),
    12: (end) => positive.spans.push(readSpan(pbf, end)),
    13: (end) => void (checkPacked(pbf, end), pbf.readPackedSVarint(positive.deltas)),
    14: (end) => void (checkPacked(pbf, end), pbf.readPackedDouble(positive.counts)),
    16: (end) => histogram.exemplars.push(readExemplar(pbf, end)),
  };
  message(pbf, outerEnd, (tag, end) => fields[tag]?.(end));
  metric.histogram = histogram;
}

function readBucket(pbf: Pbf, outerEnd: number): WireHistogram['buckets'][number] {
  const bucket: WireBucket = { count: 0, countFloat: 0, upperBound: 0, exemplar: undefined };
  message(pbf, outerEnd, (tag, end) => {
    if (tag === 1) bucket.count = pbf.readVarint();
    else if (tag === 2) bucket.upperBound = pbf.readDouble();
    else if (tag === 3) bucket.exemplar = readExemplar(pbf, end);
    else if (tag === 4) bucket.countFloat = pbf.readDouble();
  });
  return bucket;
}

function readExemplar(pbf: Pbf, outerEnd: number): PageExemplar {
  const labels: LabelPair[] = [];
  let value = 0;
  let stamp: { seconds: number; nanos: number } | undefined;
  message(pbf, outerEnd, (tag, end) => {
    if (tag === 1) labels.push(readLabel(pbf, end));
    else if (tag === 2) value = pbf.readDouble();
    else if (tag === 3) {
      const at = { seconds: 0, nanos: 0 };
      message(pbf, end, (field) => {
        if (field === 1) at.seconds = pbf.readVarint(true);
        else if (field === 2) at.nanos = pbf.readVarint(true);
      });
      stamp = at;
    }
  });
  return { labels, value, stamp };
}

function readSpan(pbf: Pbf, outerEnd: number): WireSide['spans'][number] {
  const span = { offset: 0, length: 0 };
  message(pbf, outerEnd, (tag) => {
    if (tag === 1) span.offset = pbf.readSVarint();
    else if (tag === 2) span.length = pbf.readVarint();
  });
  return span;
}
