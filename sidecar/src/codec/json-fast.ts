/**
 * Messages of plain JSON metrics straight into the sink: one object, an array, or one object per line. Either the whole
 * message is taken or nothing of it: at the first item that is not plain, the careful way reads the message from its start.
 * Only an item with far too many labels is refused here, which is what saves reading them.
 */
import type { DecodeContext, SampleSink, SeriesRef } from '../ports.ts';
import { HeldSamples } from './held-samples.ts';
import { type ItemScanner, QUOTE, scanItems } from './json-byte.ts';
import { JsonScanner, KINDS } from './json-scanner.ts';
import { LABELS_MAX } from './limit.ts';
import { Fault, ProblemList } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { MessageBytes } from './series-table.ts';
import type { StampReader } from './stamp.ts';
import { textOf } from './text.ts';
import { traceLabels } from './trace-label.ts';
import { asciiText } from './number-scanner.ts';
import { tooManyLabels, type WireLabels } from './label-interner.ts';

export class JsonFastWay implements ItemScanner {
  readonly #cache: SeriesCache;
  readonly #stamp: StampReader;
  readonly #scanner: JsonScanner;
  readonly #held = new HeldSamples();
  readonly #message = new MessageBytes();
  readonly #key = { from: 0, to: 0, from2: 0, to2: 0, tag: 0 };
  #problems: ProblemList | undefined;
  #context: DecodeContext | undefined;
  #sink: SampleSink | undefined;

  constructor(cache: SeriesCache, stamp: StampReader) {
    this.#cache = cache;
    this.#stamp = stamp;
    this.#scanner = new JsonScanner(stamp);
  }

  /** True when every item was plain and is in the sink; false when the sink has nothing of the message. */
  take(bytes: Uint8Array, context: DecodeContext, sink: SampleSink): boolean {
    this.#message.set(bytes);
    this.#context = context;
    this.#held.clear();
    this.#sink = sink;
    this.#problems = undefined;
    if (!scanItems(bytes, this)) return false;
    this.#held.release(sink);
    // Absent in nearly every message; a field all the same, since scanning calls back.
    (this.#problems as ProblemList | undefined)?.report(sink);
    return true;
  }

  /** Reads one metric into the held samples; for `scanItems`. */
  item(bytes: Uint8Array, start: number): number {
    const scanner = this.#scanner;
    const end = scanner.scan(bytes, start);
    if (end < 0) return -1;
    if (!scanner.hasTime) this.#stamp.receipt();
    const ref = this.#ref(bytes, this.#sink as SampleSink);
    if (ref === undefined) return -1;
    if (ref instanceof Fault) {
      (this.#problems ??= new ProblemList()).add(ref, bytes.subarray(start, end));
      return end;
    }
    this.#held.add(ref, this.#stamp.seconds, this.#stamp.nanos, scanner.value);
    if (scanner.traceTo > scanner.traceFrom || scanner.spanTo > scanner.spanFrom) this.#holdExemplar(bytes);
    return end;
  }

  #holdExemplar(bytes: Uint8Array): void {
    const { traceFrom, traceTo, spanFrom, spanTo } = this.#scanner;
    const labels = traceLabels(asciiText(bytes, traceFrom, traceTo), asciiText(bytes, spanFrom, spanTo));
    if (labels !== undefined) this.#held.addExemplar(labels);
  }

  #ref(bytes: Uint8Array, sink: SampleSink): SeriesRef | Fault | undefined {
    const { nameFrom, nameTo, labelsFrom, labelsTo, kind } = this.#scanner;
    const context = this.#context as DecodeContext;
    const tag = this.#cache.tag(context.labels, kind);
    const key = this.#key;
    key.from = nameFrom;
    key.to = nameTo;
    key.from2 = labelsFrom;
    key.to2 = labelsTo;
    key.tag = tag;
    const { table } = this.#cache;
    const hash = table.hash(this.#message, nameFrom, nameTo);
    const known = table.find(this.#message, key, hash);
    if (known !== 0) return known;
    const ref = this.#ask(bytes, context, sink);
    if (typeof ref === 'number' && ref > 0) table.keep(this.#message, key, { hash, answer: ref });
    return ref;
  }

  /** Reads name and labels in full; undefined when they are not plain, or faulty, which the careful way will say. */
  #ask(bytes: Uint8Array, context: DecodeContext, sink: SampleSink): SeriesRef | Fault | undefined {
    const { nameFrom, nameTo, labelsFrom, labelsTo, unitFrom, unitTo, helpFrom, helpTo, kind } = this.#scanner;
    const name = asciiText(bytes, nameFrom, nameTo);
    if (isCrowded(bytes, labelsFrom, labelsTo)) return tooManyLabels(name);
    const labels = labelsTo === 0 ? undefined : labelsOf(bytes, labelsFrom, labelsTo);
    if (labels === null) return undefined;
    const unit = unitTo === 0 ? undefined : asciiText(bytes, unitFrom, unitTo);
    const help = helpTo === 0 ? undefined : asciiText(bytes, helpFrom, helpTo);
    const identity = { name, labels, kind: KINDS[kind] as (typeof KINDS)[number], unit, help };
    const ref = this.#cache.interner.ref(identity, context.labels, sink);
    return ref instanceof Fault ? undefined : ref;
  }
}

/** A name and a text for each label. */
const QUOTES_MAX = 4 * LABELS_MAX;
const [BACKSLASH, OPEN_NESTED, OPEN_LIST] = [92, 123, 91];

/** True when a flat object without escapes has more texts than the names and values of as many labels as are allowed. */
function isCrowded(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from <= 2 * QUOTES_MAX) return false;
  let quotes = 0;
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) quotes++;
    else if (byte === BACKSLASH || byte === OPEN_NESTED || byte === OPEN_LIST) return false;
  }
  return quotes > QUOTES_MAX;
}

/** Labels of a run of bytes, null when it is not one complete object without escapes. */
function labelsOf(bytes: Uint8Array, from: number, to: number): WireLabels | null {
  const text = textOf(bytes.subarray(from, to));
  if (text instanceof Fault || text.includes('\\')) return null;
  try {
    return JSON.parse(text) as WireLabels;
  } catch {
    return null;
  }
}
