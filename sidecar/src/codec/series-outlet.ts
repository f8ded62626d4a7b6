/**
 * What the codecs of ready-made metrics (OTLP, remote write) write through: one message's context, stamp, sink and
 * problems, and the memories that turn totals and deltas into each other.
 */
import { ExponentialHistogram, type LabelPair, type MetricKind } from '@tapewatch/core';
import type { DecodeContext, SampleSink, SeriesRef } from '../ports.ts';
import { Fault, ProblemList, shown } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { StampReader } from './stamp.ts';
import { HistogramTotals, HISTOGRAMS_MAX, Totals, TOTALS_MAX } from './temporality.ts';

export interface OutletSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: MetricKind;
  readonly unit?: string | undefined;
  readonly help?: string | undefined;
}

const UNIT_MAX_CHARACTERS = 64;
const HELP_MAX_CHARACTERS = 4_096;

export class SeriesOutlet {
  readonly stamp = new StampReader();
  readonly problems = new ProblemList();
  readonly #cache: SeriesCache;
  readonly #totals = new Totals();
  readonly #histograms = new HistogramTotals();
  #context: DecodeContext | undefined;
  #sink: SampleSink | undefined;
  /** Receipt of the first message: what began later was never counted by an earlier process. */
  #beganNanos: bigint | undefined;

  constructor(cache: SeriesCache) {
    this.#cache = cache;
    cache.share(this.#totals);
    cache.share(this.#histograms);
  }

  begin(context: DecodeContext, sink: SampleSink): void {
    this.#context = context;
    this.#sink = sink;
    this.#beganNanos ??= context.receivedNanos;
    this.stamp.begin(context.receivedNanos);
  }

  end(): void {
    this.problems.report(this.#sink as SampleSink);
  }

  refuse(fault: Fault, excerpt: Uint8Array | string): void {
    this.problems.add(fault, excerpt);
  }

  ref(series: OutletSeries): SeriesRef | Fault {
    const unit = series.unit?.slice(0, UNIT_MAX_CHARACTERS) || undefined;
    const help = series.help?.slice(0, HELP_MAX_CHARACTERS) || undefined;
    const { labels } = this.#context as DecodeContext;
    return this.#cache.interner.ref({ ...series, unit, help }, labels, this.#sink as SampleSink);
  }

  /** A value at the present stamp. */
  number(series: OutletSeries, value: number): Fault | undefined {
    const ref = this.ref(series);
    if (ref instanceof Fault) return ref;
    (this.#sink as SampleSink).number(ref, this.stamp.seconds, this.stamp.nanos, value);
    return undefined;
  }

  /** A delta, added to the total of its series. */
  delta(series: OutletSeries, value: number): Fault | undefined {
    const ref = this.ref(series);
    if (ref instanceof Fault) return ref;
    const total = ref > 0 ? this.#totals.add(ref, value) : value;
    if (total === undefined) return full(series.name, TOTALS_MAX);
    (this.#sink as SampleSink).number(ref, this.stamp.seconds, this.stamp.nanos, total);
    return undefined;
  }

  /** The series ends here, where the sink can keep that. */
  stale(series: OutletSeries): Fault | undefined {
    const ref = this.ref(series);
    if (ref instanceof Fault) return ref;
    (this.#sink as SampleSink).stale(ref, this.stamp.seconds, this.stamp.nanos);
    return undefined;
  }

  /** At the present stamp. */
  exemplar(series: OutletSeries, value: number, labels: readonly LabelPair[]): Fault | undefined {
    const ref = this.ref(series);
    if (ref instanceof Fault) return ref;
    return this.#putExemplar(ref, value, labels);
  }

  /** The same, for a series that samples have made known already. */
  exemplarOfKnown(
    { name, labels }: Pick<OutletSeries, 'name' | 'labels'>,
    value: number,
    own: readonly LabelPair[],
  ): Fault | undefined {
    const ref = this.#cache.interner.known(name, labels, (this.#context as DecodeContext).labels);
    if (ref === 0) return new Fault('exemplar', `${shown(name)}: no sample of this series came before its exemplar`);
    return this.#putExemplar(ref, value, own);
  }

  #putExemplar(ref: SeriesRef, value: number, labels: readonly LabelPair[]): undefined {
    const { seconds, nanos } = this.stamp;
    (this.#sink as SampleSink).exemplar(ref, { seconds, nanos, value, labels });
    return undefined;
  }

  /** What a distribution gained. */
  histogram(series: OutletSeries, histogram: ExponentialHistogram): Fault | undefined {
    const ref = this.ref(series);
    if (ref instanceof Fault) return ref;
    (this.#sink as SampleSink).histogram(ref, this.stamp.seconds, this.stamp.nanos, histogram);
    return undefined;
  }

  /** All that a distribution ever gained, since a start that the sender may have told. */
  histogramTotal(
    series: OutletSeries,
    histogram: ExponentialHistogram,
    start: { readonly text: string; readonly nanos: bigint; readonly reset?: boolean },
  ): Fault | undefined {
    const ref = this.ref(series);
    if (ref instanceof Fault) return ref;
    if (ref <= 0) {
      (this.#sink as SampleSink).histogram(ref, this.stamp.seconds, this.stamp.nanos, histogram);
      return undefined;
    }
    const isNew = start.nanos >= (this.#beganNanos as bigint);
    const gained = this.#histograms.delta({ ref, histogram, start: start.text, reset: start.reset ?? false, isNew });
    if (gained === 'full') return full(series.name, HISTOGRAMS_MAX);
    // The mark itself: the series exists, and has gained nothing that we know of.
    const increase = gained === 'mark' ? emptyLike(histogram) : gained;
    (this.#sink as SampleSink).histogram(ref, this.stamp.seconds, this.stamp.nanos, increase);
    return undefined;
  }
}

function emptyLike({ scale, zeroThreshold, customBounds }: ExponentialHistogram): ExponentialHistogram {
  return new ExponentialHistogram(customBounds === undefined ? { scale, zeroThreshold } : { customBounds });
}

function full(name: string, max: number): Fault {
  return new Fault(
    'state_limit',
    `${shown(name)}: more than ${max} series need a memory of their totals; send fewer, or sums as totals and histograms as deltas`,
  );
}
