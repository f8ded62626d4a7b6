/**
 * Prometheus remote write 1.0 and 2.0, snappy block (docs/wire.md, "Remote write"). Kinds go by the name, since a request
 * of version 1.0 does not tell them and one of 2.0 may not: the same series must be of one kind in both. Native
 * histograms are totals and are taken apart; a stale marker ends a series. Exemplars may come in a series of their own, of
 * which they do not tell the kind: they are put behind all samples, and only to series that samples have made known.
 */
import type { MetricKind } from '@tapewatch/core';
import type { DecodeContext, SampleSink, Codec } from '../ports.ts';
import { DECOMPRESSED_MAX_BYTES, maxBytesOf } from './limit.ts';
import { Fault, refuse, tooLarge } from './problem.ts';
import { ProtobufReader } from './protobuf/reader.ts';
import { histogramOf } from './remote-write/histogram.ts';
import {
  readExemplar,
  readLabel,
  readNative,
  readSample,
  type WireExemplar,
  type WireNative,
  type WireSample,
} from './remote-write/message.ts';
import type { SeriesCache } from './series-cache.ts';
import { type OutletSeries, SeriesOutlet } from './series-outlet.ts';
import { decodeSnappyBlock } from './snappy-block.ts';

/** Of a native histogram. */
const RESET = 1;
const GAUGE = 3;

/** One series of a request, before its labels are understood. */
interface WireSeries {
  labels: Record<string, string>;
  /** A fault in the labels themselves. */
  fault: Fault | undefined;
  samples: WireSample[];
  natives: WireNative[];
  /** Absent in most series. */
  exemplars: WireExemplar[] | undefined;
  createdMs: number;
  unit: string;
  help: string;
}

export function remoteWriteCodec(version: 1 | 2): (cache: SeriesCache) => Codec {
  return (cache) => {
    const outlet = new SeriesOutlet(cache);
    return {
      name: `remote-write-${version}`,
      decodeInto(payload, context, sink) {
        const fault = decode(payload, { version, context, sink, outlet });
        if (fault !== undefined) refuse(fault, payload, sink);
      },
    };
  };
}

interface Reading {
  readonly version: 1 | 2;
  readonly context: DecodeContext;
  readonly sink: SampleSink;
  readonly outlet: SeriesOutlet;
}

function decode(payload: Uint8Array, { version, context, sink, outlet }: Reading): Fault | undefined {
  if (context.payloadKind !== 'metric') {
    return new Fault('content_type', `remote write on a stream that carries ${context.payloadKind}: publish JSON`);
  }
  if (payload.length > maxBytesOf(context)) return tooLarge(payload, context);
  const plain = decodeSnappyBlock(payload, DECOMPRESSED_MAX_BYTES);
  if (plain instanceof Fault) return plain;
  let list: WireSeries[];
  try {
    list = version === 1 ? requestOf(new ProtobufReader(plain)) : requestOf2(plain);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault(
      'syntax',
      `message of ${payload.length} bytes is not a remote write ${version}.0 request: ${reason}`,
    );
  }
  outlet.begin(context, sink);
  for (const series of list) putSeries(series, outlet);
  for (const series of list) if (series.exemplars !== undefined) putExemplars(series, series.exemplars, outlet);
  outlet.end();
  return undefined;
}

function requestOf(reader: ProtobufReader): WireSeries[] {
  const list: WireSeries[] = [];
  reader.fields((tag) => {
    if (tag !== 1) return;
    const series = emptySeries();
    reader.message((inner) => {
      if (inner === 1) addLabel(series, ...readLabel(reader));
      else if (inner === 2) series.samples.push(readSample(reader));
      else if (inner === 3) (series.exemplars ??= []).push(readExemplar(reader, (own) => own.push(readLabel(reader))));
      else if (inner === 4) series.natives.push(readNative(reader));
    });
    list.push(series);
  });
  return list;
}

/** The symbols may stand behind the series that need them, so they are read first. */
function requestOf2(plain: Uint8Array): WireSeries[] {
  const symbols: string[] = [];
  const first = new ProtobufReader(plain);
  first.fields((tag) => {
    if (tag === 4) symbols.push(first.string());
  });
  const symbol = (ref: number): string => {
    const text = symbols[ref];
    if (text === undefined) throw new RangeError(`symbol ${ref} of ${symbols.length}`);
    return text;
  };
  const list: WireSeries[] = [];
  const reader = new ProtobufReader(plain);
  reader.fields((tag) => {
    if (tag === 5) list.push(readSeries2(reader, symbol));
  });
  return list;
}

function readSeries2(reader: ProtobufReader, symbol: (ref: number) => string): WireSeries {
  const series = emptySeries();
  const refs: number[] = [];
  reader.message((tag) => {
    if (tag === 1) reader.packedVarint(refs);
    else if (tag === 2) series.samples.push(readSample(reader));
    else if (tag === 3) series.natives.push(readNative(reader));
    else if (tag === 4) (series.exemplars ??= []).push(readExemplar2(reader, symbol));
    else if (tag === 6) series.createdMs = reader.int64();
    else if (tag === 5) {
      reader.message((inner) => {
        if (inner === 3) series.help = symbol(reader.varint());
        else if (inner === 4) series.unit = symbol(reader.varint());
      });
    }
  });
  if (refs.length % 2 !== 0) series.fault = new Fault('schema', `${refs.length} label references are no pairs`);
  else
    for (let at = 0; at < refs.length; at += 2)
      addLabel(series, symbol(refs[at] as number), symbol(refs[at + 1] as number));
  return series;
}

function readExemplar2(reader: ProtobufReader, symbol: (ref: number) => string): WireExemplar {
  const refs: number[] = [];
  const exemplar = readExemplar(reader, () => reader.packedVarint(refs));
  if (refs.length % 2 !== 0) throw new RangeError(`${refs.length} label references of an exemplar are no pairs`);
  for (let at = 0; at < refs.length; at += 2) {
    exemplar.labels.push([symbol(refs[at] as number), symbol(refs[at + 1] as number)]);
  }
  return exemplar;
}

function addLabel(series: WireSeries, name: string, value: string): void {
  if (series.labels[name] !== undefined) series.fault = new Fault('schema', `label ${name.slice(0, 60)} stands twice`);
  series.labels[name] = value;
}

function emptySeries(): WireSeries {
  return {
    labels: Object.create(null) as Record<string, string>,
    fault: undefined,
    samples: [],
    natives: [],
    exemplars: undefined,
    createdMs: 0,
    unit: '',
    help: '',
  };
}

function putSeries(series: WireSeries, outlet: SeriesOutlet): void {
  const { labels, samples, natives } = series;
  const { name, own } = identityOf(series);
  const described = { name, labels: own, unit: series.unit, help: series.help };
  const excerpt = (): string => JSON.stringify(labels).slice(0, 1_000);
  for (const sample of samples) {
    const fault = series.fault ?? putSample({ ...described, kind: kindOf(name) }, sample, outlet);
    if (fault !== undefined) outlet.refuse(fault, excerpt());
  }
  for (const native of natives) {
    const startMs = native.startMs === 0 ? series.createdMs : native.startMs;
    const fault = series.fault ?? putNative({ ...described, kind: 'histogram' }, { ...native, startMs }, outlet);
    if (fault !== undefined) outlet.refuse(fault, excerpt());
  }
}

function identityOf({ labels }: WireSeries): { readonly name: string; readonly own: Record<string, string> } {
  const { __name__: name = '', ...rest } = labels;
  // A spread gives the record a prototype; a label of that name would set it.
  return { name, own: Object.assign(Object.create(null) as Record<string, string>, rest) };
}

function putExemplars(series: WireSeries, exemplars: readonly WireExemplar[], outlet: SeriesOutlet): void {
  const { name, own } = identityOf(series);
  for (const { labels, value, timeMs } of exemplars) {
    const fault =
      series.fault ?? readTime(timeMs, outlet) ?? outlet.exemplarOfKnown({ name, labels: own }, value, labels);
    if (fault !== undefined) outlet.refuse(new Fault('exemplar', fault.detail), name);
  }
}

/** Names say what Prometheus itself no longer knows when it sends. */
function kindOf(name: string): MetricKind {
  return /_(total|count|sum|bucket)$/.test(name) ? 'counter' : 'gauge';
}

function putSample(
  series: OutletSeries,
  { value, stale, timeMs }: WireSample,
  outlet: SeriesOutlet,
): Fault | undefined {
  const fault = readTime(timeMs, outlet);
  if (fault !== undefined) return fault;
  return stale ? outlet.stale(series) : outlet.number(series, value);
}

function putNative(series: OutletSeries, native: WireNative, outlet: SeriesOutlet): Fault | undefined {
  const fault = readTime(native.timeMs, outlet);
  if (fault !== undefined) return fault;
  if (native.stale) return outlet.stale(series);
  if (native.histogram.resetHint === GAUGE) {
    return new Fault('schema', 'native histogram of the gauge kind: only totals (counters) become distributions');
  }
  const histogram = histogramOf(native.histogram);
  if (histogram instanceof Fault) return histogram;
  const nanos = BigInt(Math.trunc(native.startMs)) * 1_000_000n;
  const reset = native.histogram.resetHint === RESET;
  return outlet.histogramTotal(series, histogram, { text: String(native.startMs), nanos, reset });
}

function readTime(timeMs: number, { stamp }: SeriesOutlet): Fault | undefined {
  if (stamp.units(timeMs, 1_000_000)) return undefined;
  return stamp.check(`${timeMs} ms`) ?? new Fault('time', `time ${timeMs} ms: outside 1970 to 2262`);
}
