/**
 * Exemplars of OTLP points as Prometheus's receiver takes them: the ids as `trace_id` and `span_id`, the filtered
 * attributes beside them only where all together are within an exemplar's bound; those of a histogram with explicit
 * bounds belong to the bucket that holds their value.
 */
import { EXEMPLAR_MAX_CHARACTERS } from '@tapewatch/contract';
import type { LabelPair } from '@tapewatch/core';
import { Fault, shown } from '../problem.ts';
import type { OutletSeries, SeriesOutlet } from '../series-outlet.ts';
import { traceLabels } from '../trace-label.ts';
import type { OtlpExemplar } from './model.ts';
import { labelsOf } from './name.ts';
import { boundText, isNoTime, readTime, type Place } from './place.ts';

/** Behind the samples of the point, whose stamp stands in the outlet again afterwards. */
export function putExemplars(place: Place, outlet: SeriesOutlet): void {
  const { metric, point } = place;
  for (const exemplar of point.exemplars ?? []) {
    const fault = putExemplar(exemplar, place, outlet);
    if (fault !== undefined) outlet.refuse(new Fault('exemplar', fault.detail), metric.name);
  }
  readTime(point.time, outlet);
}

function putExemplar(exemplar: OtlpExemplar, place: Place, outlet: SeriesOutlet): Fault | undefined {
  const { value } = exemplar;
  if (value === undefined || Number.isNaN(value)) {
    return new Fault('exemplar', `${shown(place.metric.name)}: an exemplar has no value`);
  }
  const fault = readTime(isNoTime(exemplar.time) ? place.point.time : exemplar.time, outlet);
  return fault ?? outlet.exemplar(seriesOf(place, value), value, labelPairs(exemplar));
}

function seriesOf({ metric, name, labels, point }: Place, value: number): OutletSeries {
  switch (metric.kind) {
    case 'histogram': {
      const bound = point.bucketCounts.length === 0 ? Infinity : point.explicitBounds.find((upper) => value <= upper);
      return { name: `${name}_bucket`, labels: { ...labels, le: boundText(bound ?? Infinity) }, kind: 'counter' };
    }
    case 'exponential':
      return { name, labels, kind: 'histogram' };
    default:
      return { name, labels, kind: metric.kind === 'sum' && metric.monotonic ? 'counter' : 'gauge' };
  }
}

function labelPairs({ traceId, spanId, attributes }: OtlpExemplar): readonly LabelPair[] {
  const ids = traceLabels(traceId, spanId) ?? [];
  if (attributes.length === 0) return ids;
  const all = [...ids, ...Object.entries(labelsOf(attributes))];
  const characters = all.flat().reduce((sum, text) => sum + [...text].length, 0);
  return characters <= EXEMPLAR_MAX_CHARACTERS ? all : ids;
}
