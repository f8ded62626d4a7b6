/**
 * The messages of remote write, field by field (Prometheus, `prompb/remote.proto`, `types.proto`, and
 * `io/prometheus/write/v2/types.proto`). Both versions yield the same series; what differs is how labels are said.
 */
import type { LabelPair } from '@tapewatch/core';
import type { ProtobufReader } from '../protobuf/reader.ts';
import { emptyNative, type NativeBuckets, type NativeHistogram } from './histogram.ts';

/** The bits of Prometheus's staleness marker, a NaN of its own. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 2;

export interface WireSample {
  value: number;
  stale: boolean;
  /** Milliseconds since 1970. */
  timeMs: number;
}

export interface WireNative {
  histogram: NativeHistogram;
  stale: boolean;
  timeMs: number;
  /** 0 when not said. */
  startMs: number;
}

export interface WireExemplar {
  labels: LabelPair[];
  value: number;
  timeMs: number;
}

const scratch = new DataView(new ArrayBuffer(8));

/** A double, and whether it is the marker; JavaScript would not keep the NaN's bits. */
function markedDouble(reader: ProtobufReader): { value: number; stale: boolean } {
  const low = reader.fixed32();
  const high = reader.fixed32();
  scratch.setUint32(0, low, true);
  scratch.setUint32(4, high, true);
  return { value: scratch.getFloat64(0, true), stale: low === STALE_LOW && high === STALE_HIGH };
}

export function readSample(reader: ProtobufReader): WireSample {
  const sample = { value: 0, stale: false, timeMs: 0 };
  reader.message((tag) => {
    if (tag === 1) Object.assign(sample, markedDouble(reader));
    else if (tag === 2) sample.timeMs = reader.int64();
  });
  return sample;
}

/** `onLabels` reads the field of labels, which is what the versions differ in. */
export function readExemplar(reader: ProtobufReader, onLabels: (labels: LabelPair[]) => void): WireExemplar {
  const exemplar: WireExemplar = { labels: [], value: 0, timeMs: 0 };
  reader.message((tag) => {
    if (tag === 1) onLabels(exemplar.labels);
    else if (tag === 2) exemplar.value = reader.double();
    else if (tag === 3) exemplar.timeMs = reader.int64();
  });
  return exemplar;
}

export function readLabel(reader: ProtobufReader): LabelPair {
  let [name, value] = ['', ''];
  reader.message((tag) => {
    if (tag === 1) name = reader.string();
    else if (tag === 2) value = reader.string();
  });
  return [name, value];
}

export function readNative(reader: ProtobufReader): WireNative {
  const histogram = emptyNative();
  const native: WireNative = { histogram, stale: false, timeMs: 0, startMs: 0 };
  reader.message((tag) => {
    switch (tag) {
      case 1:
        histogram.count = reader.varint();
        break;
      case 2:
        histogram.count = reader.double();
        break;
      case 3: {
        const { value, stale } = markedDouble(reader);
        histogram.sum = value;
        native.stale = stale;
        break;
      }
      case 4:
        histogram.schema = reader.svarint();
        break;
      case 5:
        histogram.zeroThreshold = reader.double();
        break;
      case 6:
        histogram.zeroCount = reader.varint();
        break;
      case 7:
        histogram.zeroCount = reader.double();
        break;
      case 14:
        histogram.resetHint = reader.varint();
        break;
      case 15:
        native.timeMs = reader.int64();
        break;
      case 16:
        reader.packedDouble(histogram.customValues);
        break;
      case 17:
        native.startMs = reader.int64();
        break;
      default:
        readBuckets(reader, tag - 8, histogram.negative);
        readBuckets(reader, tag - 11, histogram.positive);
    }
  });
  return native;
}

/** `field`: 0 spans, 1 deltas, 2 counts; others are not of this side. */
function readBuckets(reader: ProtobufReader, field: number, into: NativeBuckets): void {
  if (field === 0) {
    const span = { offset: 0, length: 0 };
    reader.message((tag) => {
      if (tag === 1) span.offset = reader.svarint();
      else if (tag === 2) span.length = reader.varint();
    });
    into.spans.push(span);
  } else if (field === 1) reader.packedSvarint(into.deltas);
  else if (field === 2) reader.packedDouble(into.counts);
}
