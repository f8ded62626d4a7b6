/**
 * Messages of plain JSON metrics straight into the sink: one object, an array, or one object per line. Either the whole
 * message is taken or nothing of it: at the first item that is not plain, the careful way reads the message from its start.
 */
import type { DecodeContext, SampleSink, SeriesRef } from '../ports.ts';
import { HeldSamples } from './held-samples.ts';
import { JsonScanner, KINDS, skipSpace } from './json-scanner.ts';
import { Fault } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { MessageBytes } from './series-table.ts';
import type { StampReader } from './stamp.ts';
import { textOf } from './text.ts';
import { traceLabels } from './trace-label.ts';
import { asciiText } from './number-scanner.ts';
import type { WireLabels } from './label-interner.ts';

const OPEN_OBJECT = 123;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const COMMA = 44;
const NEWLINE = 10;

export class JsonFastWay {
  readonly #cache: SeriesCache;
  readonly #stamp: StampReader;
  readonly #scanner: JsonScanner;
  readonly #held = new HeldSamples();
  readonly #message = new MessageBytes();
  readonly #key = { from: 0, to: 0, from2: 0, to2: 0, tag: 0 };
  #context: DecodeContext | undefined;

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
    const at = skipSpace(bytes, 0);
    const taken = bytes[at] === OPEN_ARRAY ? this.#array(bytes, at, sink) : this.#lines(bytes, at, sink);
    if (taken) this.#held.release(sink);
    return taken;
  }

  #array(bytes: Uint8Array, start: number, sink: SampleSink): boolean {
    let at = skipSpace(bytes, start + 1);
    for (;;) {
      at = this.#item(bytes, at, sink);
      if (at < 0) return false;
      at = skipSpace(bytes, at);
      const sign = bytes[at];
      if (sign === CLOSE_ARRAY) return skipSpace(bytes, at + 1) === bytes.length;
      if (sign !== COMMA) return false;
      at = skipSpace(bytes, at + 1);
    }
  }

  /** One object, or several with line breaks between them. */
  #lines(bytes: Uint8Array, start: number, sink: SampleSink): boolean {
    let at = start;
    for (let items = 0; ; items++) {
      if (bytes[at] !== OPEN_OBJECT) return false;
      const end = this.#item(bytes, at, sink);
      if (end < 0) return false;
      const next = skipSpace(bytes, end);
      if (next === bytes.length && items === 0) return true;
      // Of several objects, each must stand on a line of its own.
      const lineEnd = bytes.indexOf(NEWLINE, at);
      if (lineEnd >= 0 && (lineEnd < end || lineEnd >= next)) return false;
      if (next === bytes.length) return true;
      if (lineEnd < 0) return false;
      at = next;
    }
  }

  #item(bytes: Uint8Array, start: number, sink: SampleSink): number {
    const scanner = this.#scanner;
    const end = scanner.scan(bytes, start);
    if (end < 0) return -1;
    if (!scanner.hasTime) this.#stamp.receipt();
    const ref = this.#ref(bytes, sink);
    if (ref === undefined) return -1;
    this.#held.add(ref, this.#stamp.seconds, this.#stamp.nanos, scanner.value);
    if (scanner.traceTo > scanner.traceFrom || scanner.spanTo > scanner.spanFrom) this.#holdExemplar(bytes);
    return end;
  }

  #holdExemplar(bytes: Uint8Array): void {
    const { traceFrom, traceTo, spanFrom, spanTo } = this.#scanner;
    const labels = traceLabels(asciiText(bytes, traceFrom, traceTo), asciiText(bytes, spanFrom, spanTo));
    if (labels !== undefined) this.#held.addExemplar(labels);
  }

  #ref(bytes: Uint8Array, sink: SampleSink): SeriesRef | undefined {
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
    const hash = table.hash(this.#message.view, nameFrom, nameTo);
    const known = table.find(this.#message, key, hash);
    if (known !== 0) return known;
    const ref = this.#ask(bytes, context, sink);
    if (ref !== undefined && ref > 0) table.keep(this.#message, key, { hash, answer: ref });
    return ref;
  }

  /** Reads name and labels in full; undefined when they are not plain, or faulty, which the careful way will say. */
  #ask(bytes: Uint8Array, context: DecodeContext, sink: SampleSink): SeriesRef | undefined {
    const { nameFrom, nameTo, labelsFrom, labelsTo, unitFrom, unitTo, helpFrom, helpTo, kind } = this.#scanner;
    const labels = labelsTo === 0 ? undefined : labelsOf(bytes, labelsFrom, labelsTo);
    if (labels === null) return undefined;
    const name = asciiText(bytes, nameFrom, nameTo);
    const unit = unitTo === 0 ? undefined : asciiText(bytes, unitFrom, unitTo);
    const help = helpTo === 0 ? undefined : asciiText(bytes, helpFrom, helpTo);
    const identity = { name, labels, kind: KINDS[kind] as (typeof KINDS)[number], unit, help };
    const ref = this.#cache.interner.ref(identity, context.labels, sink);
    return ref instanceof Fault ? undefined : ref;
  }
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
