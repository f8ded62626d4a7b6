/**
 * A sink that keeps what it is given as objects, for tests to look at. Its numbers for series are its own: one sink for
 * the life of a registry.
 */
import type { ExponentialHistogram } from '@tapewatch/core';
import { type Labels, type MetricKind, nanos, type Sample, type TradingEvent } from '@tapewatch/core';
import type { Codec, DecodeContext, DecodeProblem, SampleSink, SentExemplar, SeriesRef } from '../../ports.ts';

export interface Decoded {
  readonly samples: readonly Sample[];
  readonly events: readonly TradingEvent[];
  readonly problems: readonly DecodeProblem[];
  /** Ends of series: `<labels> @<nanoseconds>`. */
  readonly ends: readonly string[];
  /** `<labels> <value> {<own labels>} @<nanoseconds>`. */
  readonly exemplars: readonly string[];
}

interface Series {
  readonly labels: Labels;
  readonly kind: MetricKind;
  readonly unit?: string;
  readonly help?: string;
}

export class CollectingSink implements SampleSink {
  readonly #series: Series[] = [];
  readonly #refs = new Map<string, SeriesRef>();
  #samples: Sample[] = [];
  #events: TradingEvent[] = [];
  #problems: DecodeProblem[] = [];
  #ends: string[] = [];
  #exemplars: string[] = [];

  series(labels: Labels, kind: MetricKind, unit?: string, help?: string): SeriesRef {
    const key = `${kind} ${labels.key}`;
    const known = this.#refs.get(key);
    if (known !== undefined) return known;
    this.#series.push({
      labels,
      kind,
      ...(unit === undefined ? {} : { unit }),
      ...(help === undefined ? {} : { help }),
    });
    this.#refs.set(key, this.#series.length);
    return this.#series.length;
  }

  number(ref: SeriesRef, seconds: number, nanosOfSecond: number, value: number): void {
    const { kind, ...series } = this.#series[ref - 1] as Series;
    const timeNanos = nanos(BigInt(seconds) * 1_000_000_000n + BigInt(nanosOfSecond));
    if (kind !== 'histogram') {
      this.#samples.push({ kind, ...series, timeNanos, value });
      return;
    }
    // A distribution that was first seen as ready-made histograms.
    this.#samples.push({ kind: 'observation', ...series, timeNanos, value });
  }

  stale(ref: SeriesRef, seconds: number, nanosOfSecond: number): void {
    const { labels } = this.#series[ref - 1] as Series;
    this.#ends.push(`${labels.toString()} @${BigInt(seconds) * 1_000_000_000n + BigInt(nanosOfSecond)}`);
  }

  histogram(ref: SeriesRef, seconds: number, nanosOfSecond: number, histogram: ExponentialHistogram): void {
    const { kind: _kind, ...series } = this.#series[ref - 1] as Series;
    const timeNanos = nanos(BigInt(seconds) * 1_000_000_000n + BigInt(nanosOfSecond));
    this.#samples.push({ kind: 'histogram', ...series, timeNanos, histogram });
  }

  exemplar(ref: SeriesRef, { seconds, nanos: nanosOfSecond, value, labels: own }: SentExemplar): void {
    const { labels } = this.#series[ref - 1] as Series;
    const text = own.map(([name, content]) => `${name}=${content}`).join(' ');
    const timeNanos = BigInt(seconds) * 1_000_000_000n + BigInt(nanosOfSecond);
    this.#exemplars.push(`${labels.toString()} ${value} {${text}} @${timeNanos}`);
  }

  event(event: TradingEvent): void {
    this.#events.push(event);
  }

  problem(problem: DecodeProblem): void {
    this.#problems.push(problem);
  }

  take(): Decoded {
    const decoded = {
      samples: this.#samples,
      events: this.#events,
      problems: this.#problems,
      ends: this.#ends,
      exemplars: this.#exemplars,
    };
    this.#samples = [];
    this.#events = [];
    this.#problems = [];
    this.#ends = [];
    this.#exemplars = [];
    return decoded;
  }
}

/** A codec's items as objects. */
export function collecting(
  codec: Codec,
  sink: CollectingSink,
): (payload: Uint8Array, context: DecodeContext) => Decoded {
  return (payload, context) => {
    codec.decodeInto(payload, context, sink);
    return sink.take();
  };
}
