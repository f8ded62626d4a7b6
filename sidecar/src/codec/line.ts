/**
 * InfluxDB line protocol to samples, as Telegraf sends it: the metric is `measurement_field` (`measurement` for a field
 * named `value`), tags are labels, numbers and booleans are gauges, since the line does not tell (Telegraf's `mem_total` is no
 * counter), text is skipped and counted. One bad line loses only itself. A series that was spelled the same way before
 * costs one look-up by its bytes, and a line that comes after the same line as before costs a comparison.
 */
import type { DecodeContext, SampleSink, SeriesRef, Codec } from '../ports.ts';
import { HeldSamples } from './held-samples.ts';
import { maxBytesOf } from './limit.ts';
import { LineScanner } from './line-scanner.ts';
import { identityOf } from './line-series.ts';
import { fieldNumber, TEXT } from './line-value.ts';
import { NumberScanner } from './number-scanner.ts';
import { Fault, ProblemList, refuse, shown, tooLarge } from './problem.ts';
import { LINE_CODE, type SeriesCache } from './series-cache.ts';
import { MessageBytes } from './series-table.ts';
import { type NanosPerUnit, StampReader } from './stamp.ts';
import { textOf } from './text.ts';

const SPACE = 32;
const NEWLINE = 10;
const EQUALS = 61;

/** `nanosPerUnit`: of the timestamps; nanoseconds unless a request says otherwise. */
export function lineCodec(cache: SeriesCache, nanosPerUnit: NanosPerUnit = 1): Codec {
  const decoder = new LineDecoder(cache, nanosPerUnit);
  return { name: 'line', decodeInto: (payload, context, sink) => decoder.decode(payload, context, sink) };
}

class LineDecoder {
  readonly #cache: SeriesCache;
  readonly #nanosPerUnit: NanosPerUnit;
  readonly #scanner = new LineScanner();
  readonly #number = new NumberScanner();
  readonly #stamp = new StampReader();
  readonly #held = new HeldSamples();
  readonly #problems = new ProblemList();
  readonly #message = new MessageBytes();
  readonly #key = { from: 0, to: 0, from2: 0, to2: 0, tag: 0 };
  readonly #ahead = { separator: SPACE, tag: 0 };
  /** Stamp of the line before, as it was written: lines of one message share a handful. Below 0 before the first. */
  #stampFrom = 0;
  #stampTo = 0;
  #stampFault: Fault | undefined;

  constructor(cache: SeriesCache, nanosPerUnit: NanosPerUnit) {
    this.#cache = cache;
    this.#nanosPerUnit = nanosPerUnit;
  }

  decode(payload: Uint8Array, context: DecodeContext, sink: SampleSink): void {
    const fault = precheck(payload, context);
    if (fault !== undefined) return refuse(fault, payload, sink);
    const scanner = this.#scanner;
    scanner.begin(payload);
    this.#stamp.begin(context.receivedNanos);
    this.#stampFrom = this.#stampTo = -1;
    this.#stampFault = undefined;
    this.#message.set(payload);
    this.#key.tag = this.#ahead.tag = this.#cache.tag(context.labels, LINE_CODE);
    for (;;) {
      if (this.#expectedLine(sink)) continue;
      if (!scanner.next()) break;
      const wrong = scanner.fault === undefined ? this.#line(context, sink) : this.#syntax();
      if (wrong === undefined) this.#held.release(sink);
      else this.#problems.add(wrong, scanner.line());
    }
    this.#problems.report(sink);
  }

  /**
   * Takes a line of one field and a stamp whose series followed the one before last time too. False, and nothing done,
   * for every other line.
   */
  #expectedLine(sink: SampleSink): boolean {
    const { table } = this.#cache;
    const { bytes } = this.#message;
    const { position } = this.#scanner;
    const start = bytes[position] === NEWLINE ? position + 1 : position;
    const ref = table.expected(this.#message, start, this.#ahead);
    if (ref === 0 || bytes[table.end] !== EQUALS) return false;
    const value = this.#number.scan(bytes, table.end + 1);
    // A word, a number out of range or one with a suffix; the scanner knows what to say of it.
    if (value - value !== 0) return false;
    const from = this.#number.end + 1;
    if (bytes[from - 1] !== SPACE) return false;
    const to = this.#stampAt(from);
    if (to < 0) return false;
    table.acceptExpected();
    this.#scanner.skipTo(to);
    sink.number(ref, this.#stamp.seconds, this.#stamp.nanos, value);
    return true;
  }

  /** Holds the samples of a line; a fault takes the whole line back. */
  #line(context: DecodeContext, sink: SampleSink): Fault | undefined {
    const scanner = this.#scanner;
    const stampFault = this.#readStamp();
    if (stampFault !== undefined) return stampFault;
    const key = this.#key;
    key.from = scanner.start;
    key.to = scanner.seriesEnd;
    const hash = this.#cache.table.hash(this.#message, key.from, key.to);
    const { seconds, nanos } = this.#stamp;
    this.#held.clear();
    for (let field = 0; field < scanner.fieldCount; field++) {
      const from = scanner.valueFrom[field] as number;
      const value = fieldNumber(this.#number, scanner.bytes, { from, to: scanner.valueTo[field] as number });
      if (Number.isNaN(value)) return this.#notAValue(field);
      if (value === TEXT) {
        this.#countText(field);
        continue;
      }
      key.from2 = scanner.keyFrom[field] as number;
      key.to2 = scanner.keyTo[field] as number;
      const known = this.#cache.table.find(this.#message, key, hash);
      const ref = known !== 0 ? known : this.#ask(hash, context, sink);
      if (ref instanceof Fault) return ref;
      this.#held.add(ref, seconds, nanos, value);
    }
    return undefined;
  }

  #ask(hash: number, context: DecodeContext, sink: SampleSink): SeriesRef | Fault {
    const { from, to, from2, to2 } = this.#key;
    const { bytes } = this.#message;
    const [written, field] = [textOf(bytes.subarray(from, to)), textOf(bytes.subarray(from2, to2))];
    if (written instanceof Fault) return written;
    if (field instanceof Fault) return field;
    const identity = identityOf(written, field);
    if (identity instanceof Fault) return identity;
    const ref = this.#cache.interner.ref(identity, context.labels, sink);
    if (!(ref instanceof Fault)) this.#cache.table.keep(this.#message, this.#key, { hash, answer: ref });
    return ref;
  }

  /** The stamp that ends its line into the reader. Returns its end; below 0 when it is none, or needs words. */
  #stampAt(from: number): number {
    const { bytes } = this.#message;
    const again = from + this.#stampTo - this.#stampFrom;
    if (this.#stampFault === undefined && this.#isLineEnd(again) && this.#isStampBefore(from, again)) return again;
    const to = endOfDigits(bytes, from);
    if (to === from || !this.#isLineEnd(to) || !this.#digits(bytes, from, to)) {
      // What stands in the reader is no line's stamp now.
      this.#stampFrom = this.#stampTo = -1;
      return -1;
    }
    this.#stampFrom = from;
    this.#stampTo = to;
    this.#stampFault = undefined;
    return to;
  }

  #isLineEnd(at: number): boolean {
    const { bytes } = this.#message;
    return at < bytes.length ? bytes[at] === NEWLINE : at === bytes.length;
  }

  /** Whether the stamp is written as the one of the line before. From the end: neighbouring stamps differ there. */
  #isStampBefore(from: number, to: number): boolean {
    const start = this.#stampFrom;
    if (start < 0 || to - from !== this.#stampTo - start) return false;
    const { bytes, view, base } = this.#message;
    let at = to - from;
    for (; at >= 4; at -= 4) {
      if (view.getInt32(base + from + at - 4) !== view.getInt32(base + start + at - 4)) return false;
    }
    for (at--; at >= 0; at--) if (bytes[from + at] !== bytes[start + at]) return false;
    return true;
  }

  /** The line's stamp into the reader; a fault when it is none. */
  #readStamp(): Fault | undefined {
    const { bytes, stampFrom, stampTo } = this.#scanner;
    if (this.#isStampBefore(stampFrom, stampTo)) return this.#stampFault;
    this.#stampFrom = stampFrom;
    this.#stampTo = stampTo;
    this.#stampFault = undefined;
    if (stampFrom === stampTo) this.#stamp.receipt();
    else if (!this.#digits(bytes, stampFrom, stampTo)) this.#stampFault = this.#badStamp(stampFrom, stampTo);
    return this.#stampFault;
  }

  #digits(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#nanosPerUnit === 1) return this.#stamp.digits(bytes, from, to);
    const units = this.#number.scan(bytes, from);
    return this.#number.whole && this.#number.end === to && this.#stamp.units(units, this.#nanosPerUnit);
  }

  #badStamp(from: number, to: number): Fault {
    const text = this.#text(from, to);
    const unit = this.#nanosPerUnit;
    const fault = new Fault('time', `timestamp ${shown(text)}: expected an integer since 1970 in units of ${unit} ns`);
    if (!/^\d{1,19}$/.test(text)) return fault;
    return (unit === 1 ? this.#stamp.parse(text) : this.#stamp.check(text)) ?? fault;
  }

  #countText(field: number): void {
    const { start, seriesEnd, keyFrom, keyTo, bytes } = this.#scanner;
    const key = this.#text(keyFrom[field] as number, keyTo[field] as number);
    const series = this.#text(start, seriesEnd);
    const text = `field ${shown(key)} of ${shown(series)} is text; only numbers and booleans are metrics`;
    this.#problems.add(new Fault('non_numeric', text), bytes.subarray(start, seriesEnd));
  }

  #notAValue(field: number): Fault {
    const { keyFrom, keyTo, valueFrom, valueTo } = this.#scanner;
    const key = this.#text(keyFrom[field] as number, keyTo[field] as number);
    const value = this.#text(valueFrom[field] as number, valueTo[field] as number);
    return new Fault('syntax', `field ${shown(key)}: ${shown(value)} is not a number, boolean or quoted text`);
  }

  #syntax(): Fault {
    const scanner = this.#scanner;
    const line = `line ${shown(Buffer.from(scanner.line().subarray(0, 64)).toString())}`;
    if (scanner.fault === 'fields') return new Fault('syntax', `${line}: expected fields after the measurement`);
    const column = scanner.faultAt - scanner.start + 1;
    if (scanner.fault === 'field') return new Fault('syntax', `${line}: expected field=value at column ${column}`);
    const key = this.#text(scanner.keyFrom[0] as number, scanner.keyTo[0] as number);
    return new Fault('syntax', `${line}: field ${shown(key)} has no readable value`);
  }

  #text(from: number, to: number): string {
    return Buffer.from(this.#scanner.bytes.subarray(from, Math.min(to, from + 256))).toString();
  }
}

function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes[at] as number) - 48 >= 0 && (bytes[at] as number) <= 57) at++;
  return at;
}

function precheck(payload: Uint8Array, context: DecodeContext): Fault | undefined {
  const { payloadKind } = context;
  if (payloadKind !== 'metric') {
    return new Fault('content_type', `line protocol carries metrics; this stream carries ${payloadKind}: publish JSON`);
  }
  return payload.length > maxBytesOf(context) ? tooLarge(payload, context) : undefined;
}
