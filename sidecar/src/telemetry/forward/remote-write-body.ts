/**
 * Samples as a request of Prometheus remote write 1.0: protobuf in a Snappy block. Source: Prometheus, prompb/types.proto and
 * remote.proto; labels are sorted by name, as the specification demands.
 */
import Pbf from 'pbf';
import { compress } from 'snappyjs';
import type { ExposedSample } from '../exposition/family.ts';

type Label = readonly [name: string, value: string];

export function remoteWriteBody(
  samples: readonly ExposedSample[],
  { timeMs, labels }: { timeMs: number; labels: Readonly<Record<string, string>> },
): Uint8Array {
  const message = new Pbf();
  for (const sample of samples) message.writeMessage(1, writeSeries, { sample, timeMs, labels });
  return compress(message.finish());
}

interface Series {
  readonly sample: ExposedSample;
  readonly timeMs: number;
  readonly labels: Readonly<Record<string, string>>;
}

function writeSeries({ sample, timeMs, labels }: Series, message: Pbf): void {
  const all = { ...labels, ...sample.labels, __name__: sample.name };
  const sorted = Object.entries(all).filter(([, value]) => value !== '');
  sorted.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const label of sorted) message.writeMessage(1, writeLabel, label);
  message.writeMessage(2, writeSample, { value: sample.value, timeMs });
}

function writeLabel([name, value]: Label, message: Pbf): void {
  message.writeStringField(1, name);
  message.writeStringField(2, value);
}

function writeSample({ value, timeMs }: { value: number; timeMs: number }, message: Pbf): void {
  message.writeDoubleField(1, value);
  message.writeVarintField(2, timeMs);
}
