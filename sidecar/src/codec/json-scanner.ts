/**
 * Reads one JSON metric from its bytes without building an object: the hot path. It knows the plain shape only (number
 * value, text without escapes, labels as one run of bytes) and answers "not mine" to anything else, which then goes
 * through `JSON.parse` and the schema. What it accepts is valid JSON, except inside name and labels: those bytes count
 * only when they equal bytes that `JSON.parse` has read before. O(bytes), no allocation.
 */
import { SPAN_ID_MAX_CHARACTERS, TRACE_ID_MAX_CHARACTERS } from '@tapewatch/contract';
import { OPEN_OBJECT, plainTextEnd, QUOTE, skipSpace, skipUnknown, startsWith, valueStart } from './json-byte.ts';
import { NumberScanner } from './number-scanner.ts';
import type { StampReader } from './stamp.ts';

const CLOSE = 125;

/** Keys that were seen, as bits: a second one of the same name is not a plain shape. */
const NAME = 1;
const TYPE = 2;
const VALUE = 4;
const TIME = 8;
const LABELS = 16;
const UNIT = 32;
const HELP = 64;
const TRACE = 128;
const SPAN = 256;

const UNIT_MAX_BYTES = 64;
const HELP_MAX_BYTES = 4_096;
const NULL = Buffer.from('null');

/** Kinds as the table of series tells them apart. */
export const KINDS = ['gauge', 'counter', 'observation'] as const;

export class JsonScanner {
  /** The plain fields of the last item, as positions of the message. */
  nameFrom = 0;
  nameTo = 0;
  labelsFrom = 0;
  labelsTo = 0;
  unitFrom = 0;
  unitTo = 0;
  helpFrom = 0;
  helpTo = 0;
  /** Equal ends: no id, as of most items. */
  traceFrom = 0;
  traceTo = 0;
  spanFrom = 0;
  spanTo = 0;
  /** Index into `KINDS`. */
  kind = 0;
  value = 0;
  hasTime = false;
  readonly #stamp: StampReader;
  readonly #number = new NumberScanner();

  constructor(stamp: StampReader) {
    this.#stamp = stamp;
  }

  /** Position after the object that begins at `at`, or -1 when it is not a plain metric. The stamp is in the reader. */
  scan(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== OPEN_OBJECT) return -1;
    this.#reset();
    let seen = 0;
    let at = skipSpace(bytes, start + 1);
    for (;;) {
      if (bytes[at] !== QUOTE) return -1;
      const key = keyOf(bytes, at + 1);
      if (key < 0) return -1;
      if (key === 0) at = skipUnknown(bytes, at, this.#number);
      else {
        if ((seen & key) !== 0) return -1;
        seen |= key;
        at = valueStart(bytes, at + (KEY_BYTES[key] ?? 0));
        if (at < 0) return -1;
        at = this.#field(bytes, at, key);
      }
      if (at < 0) return -1;
      at = skipSpace(bytes, at);
      const sign = bytes[at];
      if (sign === CLOSE) break;
      if (sign !== 44) return -1;
      at = skipSpace(bytes, at + 1);
    }
    return (seen & (NAME | VALUE)) === (NAME | VALUE) ? at + 1 : -1;
  }

  #reset(): void {
    this.labelsFrom = this.labelsTo = this.unitFrom = this.unitTo = this.helpFrom = this.helpTo = 0;
    this.traceFrom = this.traceTo = this.spanFrom = this.spanTo = 0;
    this.kind = 0;
    this.hasTime = false;
  }

  /** Reads the value of a known key; position after it, or -1. */
  #field(bytes: Uint8Array, at: number, key: number): number {
    switch (key) {
      case VALUE: {
        this.value = this.#number.scan(bytes, at);
        return this.#number.strict && Number.isFinite(this.value) ? this.#number.end : -1;
      }
      case TIME:
        this.hasTime = true;
        return this.#time(bytes, at);
      case NAME: {
        if (bytes[at] !== QUOTE) return -1;
        let to = at + 1;
        while (to < bytes.length && bytes[to] !== QUOTE) to++;
        this.nameFrom = at + 1;
        this.nameTo = to;
        return to + 1;
      }
      case TYPE:
        return this.#type(bytes, at);
      case LABELS: {
        const to = bytes[at] === OPEN_OBJECT ? endOfLabels(bytes, at) : -1;
        this.labelsFrom = at;
        this.labelsTo = to;
        return to;
      }
      case TRACE:
      case SPAN:
        return this.#id(bytes, at, key);
      default:
        return this.#described(bytes, at, key);
    }
  }

  #described(bytes: Uint8Array, at: number, key: number): number {
    const to = plainTextEnd(bytes, at);
    if (to < 0 || to - at - 2 > (key === UNIT ? UNIT_MAX_BYTES : HELP_MAX_BYTES)) return -1;
    if (key === UNIT) {
      this.unitFrom = at + 1;
      this.unitTo = to - 1;
    } else {
      this.helpFrom = at + 1;
      this.helpTo = to - 1;
    }
    return to;
  }

  #id(bytes: Uint8Array, at: number, key: number): number {
    if (startsWith(bytes, at, NULL)) return at + NULL.length;
    const to = plainTextEnd(bytes, at);
    if (bytes[at] !== QUOTE || to < 0) return -1;
    if (to - at - 2 > (key === TRACE ? TRACE_ID_MAX_CHARACTERS : SPAN_ID_MAX_CHARACTERS)) return -1;
    if (key === TRACE) {
      this.traceFrom = at + 1;
      this.traceTo = to - 1;
    } else {
      this.spanFrom = at + 1;
      this.spanTo = to - 1;
    }
    return to;
  }

  #time(bytes: Uint8Array, at: number): number {
    if (bytes[at] === QUOTE) {
      // Nanoseconds of this century.
      if (bytes[at + 20] === QUOTE) return this.#stamp.digits(bytes, at + 1, at + 20) ? at + 21 : -1;
      let to = at + 1;
      while ((bytes[to] as number) >= 48 && (bytes[to] as number) <= 57) to++;
      return bytes[to] === QUOTE && this.#stamp.digits(bytes, at + 1, to) ? to + 1 : -1;
    }
    const time = this.#number.scan(bytes, at);
    return this.#number.strict && this.#stamp.number(time) ? this.#number.end : -1;
  }

  #type(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== QUOTE) return -1;
    for (let kind = 0; kind < KIND_BYTES.length; kind++) {
      const expected = KIND_BYTES[kind] as Uint8Array;
      if (!startsWith(bytes, at + 1, expected)) continue;
      this.kind = kind;
      return at + 1 + expected.length;
    }
    return -1;
  }
}

/** With the closing quote, so that the whole word is compared. */
const KIND_BYTES: readonly Uint8Array[] = KINDS.map((kind) => Buffer.from(`${kind}"`));
/** Bytes of a key with both quotes. */
const KEY_BYTES: Readonly<Record<number, number>> = {
  [NAME]: 6,
  [TYPE]: 6,
  [VALUE]: 7,
  [TIME]: 6,
  [LABELS]: 8,
  [UNIT]: 6,
  [HELP]: 6,
  [TRACE]: 10,
  [SPAN]: 9,
};
const KEY_NAMES: readonly (readonly [bytes: Uint8Array, bit: number])[] = (
  [
    ['name"', NAME],
    ['type"', TYPE],
    ['value"', VALUE],
    ['time"', TIME],
    ['labels"', LABELS],
    ['unit"', UNIT],
    ['help"', HELP],
    ['trace_id"', TRACE],
    ['span_id"', SPAN],
    // A known name that makes the item something else than a plain number.
    ['histogram"', -1],
  ] as const
).map(([name, bit]) => [Buffer.from(name), bit]);

/** The bit of the key whose first letter stands at `at`; 0 for an unknown one. */
function keyOf(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  for (let index = 0; index < KEY_NAMES.length; index++) {
    const [name, bit] = KEY_NAMES[index] as (typeof KEY_NAMES)[number];
    if (name[0] === first && startsWith(bytes, at, name)) return bit;
  }
  return 0;
}

/** Position after the first closing brace: of complete labels where no text holds one. */
function endOfLabels(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) if (bytes[at] === CLOSE) return at + 1;
  return -1;
}
