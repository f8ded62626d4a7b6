/** Items of a message that were parsed already: each is put into the sink, or is a problem of its own. */
import type { DecodeContext, SampleSink } from '../ports.ts';
import { type MessageContext, OwnIds } from './business-event.ts';
import { decodeEvent } from './event.ts';
import { putMetric } from './metric.ts';
import { putSpans } from './otlp/span-convert.ts';
import { isTracesRequest, spansOfJson } from './otlp/span-json.ts';
import { certainFault, certainRow, isPlanned } from './planned-events.ts';
import { Fault, ProblemList } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import type { StampReader } from './stamp.ts';

export interface Reading {
  readonly context: DecodeContext;
  readonly sink: SampleSink;
  readonly stamp: StampReader;
  readonly cache: SeriesCache;
  readonly payload: Uint8Array;
}

export class ItemReader {
  readonly problems = new ProblemList();
  readonly #reading: Reading;
  readonly #context: MessageContext;

  constructor(reading: Reading) {
    this.#reading = reading;
    const { context } = reading;
    this.#context = context.payloadKind === 'event' ? { ...context, ownIds: new OwnIds() } : context;
  }

  add(item: unknown, line?: string): void {
    const { problems } = this;
    // A megabyte of bad items must not cost what explaining each of them would.
    if (problems.isFull && this.#isBadAgain(item)) return;
    const fault = this.#put(item);
    if (fault === undefined || problems.again(fault.reason)) return;
    problems.add(fault, line ?? this.#excerptOf(item));
  }

  /** Whether the item is bad for certain, for a reason that was met before; it is counted then. */
  #isBadAgain(item: unknown): boolean {
    const { payloadKind, labels } = this.#reading.context;
    const reason = isPlanned(payloadKind) ? certainFault(item, payloadKind, labels) : undefined;
    return reason !== undefined && this.problems.again(reason);
  }

  #put(item: unknown): Fault | undefined {
    const { context, sink, stamp, cache } = this.#reading;
    const { payloadKind } = context;
    if (payloadKind === 'metric')
      return putMetric(item, { context, interner: cache.interner, stamp, sink, problems: this.problems });
    if (payloadKind === 'span' && isTracesRequest(item)) {
      putSpans(spansOfJson(item), { context, sink, problems: this.problems });
      return undefined;
    }
    const event =
      (isPlanned(payloadKind) ? certainRow(item, payloadKind, context) : undefined) ??
      decodeEvent(item, payloadKind, this.#context);
    if (event instanceof Fault) return event;
    sink.event(event);
    return undefined;
  }

  /** The item as text; the start of the message when it is nested too deeply to be written again. */
  #excerptOf(item: unknown): Uint8Array | string {
    try {
      return JSON.stringify(item);
    } catch {
      return this.#reading.payload;
    }
  }
}
