/**
 * Reads one event of plain JSON from its bytes, by the plan of its kind: what `JSON.parse` and the schema would make of it, with
 * times as nanoseconds. It answers "not mine" to whatever it does not know for certain to be good, and the careful way finds out.
 * Texts that come again and again are made once. O(bytes).
 */
import { OPEN_OBJECT, plainTextEnd, QUOTE, skipSpace, skipUnknown, startsWith, valueStart } from './json-byte.ts';
import type { EventField, EventPlan } from './event-plan.ts';
import { NumberScanner } from './number-scanner.ts';
import type { StampReader } from './stamp.ts';
import type { TextTable } from './text-table.ts';

const CLOSE = 125;
const COMMA = 44;
const NULL = Buffer.from('null');
const MAX_SEQUENCE_DIGITS = 19;
/** Not read: undefined is what a missing field is. */
const NOT_MINE = Symbol('not mine');

export type Labels = Readonly<Record<string, string>>;

export class EventScanner {
  readonly #plan: EventPlan;
  readonly #stamp: StampReader;
  readonly #texts: TextTable;
  readonly #number = new NumberScanner();
  /** By place, one more: which field came next the last time. Publishers repeat the order of their fields. */
  readonly #next: Int8Array;
  /** What was read last; a new object each time. */
  message: Record<string, unknown> = {};
  #end = 0;

  constructor(plan: EventPlan, stamp: StampReader, texts: TextTable) {
    this.#plan = plan;
    this.#stamp = stamp;
    this.#texts = texts;
    this.#next = Int8Array.from({ length: plan.fields.length + 1 }, (_, place) => place);
  }

  /** Position after the object that begins at `start`, or -1. */
  scan(bytes: Buffer, start: number, labels: Labels): number {
    if (bytes[start] !== OPEN_OBJECT) return -1;
    const message = { ...this.#plan.template };
    let [seen, before] = [0, 0];
    let at = skipSpace(bytes, start + 1);
    for (;;) {
      if (bytes[at] !== QUOTE) return -1;
      const place = this.#placeOf(bytes, at + 1, before);
      if (place < 0) at = skipUnknown(bytes, at, this.#number);
      else {
        const field = this.#plan.fields[place] as EventField;
        if ((seen & (1 << place)) !== 0) return -1;
        seen |= 1 << place;
        before = place + 1;
        at = valueStart(bytes, at + 1 + field.key.length);
        if (at < 0) return -1;
        const value = this.#value(bytes, at, field);
        if (value === NOT_MINE) return -1;
        message[field.name] = value;
        at = this.#end;
      }
      if (at < 0) return -1;
      at = skipSpace(bytes, at);
      const sign = bytes[at];
      if (sign === CLOSE) break;
      if (sign !== COMMA) return -1;
      at = skipSpace(bytes, at + 1);
    }
    this.message = message;
    return this.#fill(message, seen, labels) ? at + 1 : -1;
  }

  /** Labels take the place of what is missing; false when something is missing still, or a label is out of bounds. */
  #fill(message: Record<string, unknown>, seen: number, labels: Labels): boolean {
    const { fields, filled, required } = this.#plan;
    let known = seen;
    for (const place of filled) {
      if ((known & (1 << place)) !== 0) continue;
      const field = fields[place] as EventField;
      const label = labels[field.name];
      if (label === undefined) continue;
      if (field.type !== 'text' || label.length < field.min || label.length > field.max) return false;
      message[field.name] = label;
      known |= 1 << place;
    }
    return (known & required) === required;
  }

  /** The field whose name begins at `at`, or -1. */
  #placeOf(bytes: Uint8Array, at: number, before: number): number {
    const { fields } = this.#plan;
    const expected = this.#next[before] as number;
    if (expected < fields.length && startsWith(bytes, at, (fields[expected] as EventField).key)) return expected;
    for (let place = 0; place < fields.length; place++) {
      if (!startsWith(bytes, at, (fields[place] as EventField).key)) continue;
      this.#next[before] = place;
      return place;
    }
    return -1;
  }

  #value(bytes: Buffer, at: number, field: EventField): unknown {
    switch (field.type) {
      case 'text':
        return this.#text(bytes, at, field);
      case 'number':
        return field.nullable && startsWith(bytes, at, NULL) ? this.#null(at) : this.#numberIn(bytes, at, field);
      case 'time':
        return this.#time(bytes, at);
      case 'choice':
        return this.#choice(bytes, at, field);
      case 'sequence':
        return this.#sequence(bytes, at);
      case 'identifier':
        return bytes[at] === QUOTE ? this.#text(bytes, at, field) : this.#numberIn(bytes, at, NO_BOUNDS);
    }
  }

  #null(at: number): null {
    this.#end = at + NULL.length;
    return null;
  }

  #text(bytes: Buffer, at: number, field: { min: number; max: number; unique: boolean }): unknown {
    const to = bytes[at] === QUOTE ? plainTextEnd(bytes, at) : -1;
    const length = to - at - 2;
    if (length < field.min || length > field.max) return NOT_MINE;
    this.#end = to;
    return field.unique ? bytes.toString('latin1', at + 1, to - 1) : this.#texts.get(bytes, at + 1, to - 1);
  }

  #choice(bytes: Uint8Array, at: number, field: EventField & { type: 'choice' }): unknown {
    if (bytes[at] !== QUOTE) return NOT_MINE;
    const { bytes: options, choices } = field;
    for (let i = 0; i < options.length; i++) {
      const option = options[i] as Uint8Array;
      if (!startsWith(bytes, at + 1, option)) continue;
      this.#end = at + 1 + option.length;
      return choices[i];
    }
    return NOT_MINE;
  }

  #numberIn(bytes: Uint8Array, at: number, { min, above }: { min: number; above: number }): unknown {
    const value = this.#number.scan(bytes, at);
    this.#end = this.#number.end;
    return this.#number.strict && Number.isFinite(value) && value >= min && value > above ? value : NOT_MINE;
  }

  #time(bytes: Buffer, at: number): unknown {
    const stamp = this.#stamp;
    if (bytes[at] !== QUOTE) {
      const time = this.#number.scan(bytes, at);
      this.#end = this.#number.end;
      return this.#number.strict && stamp.number(time) ? stamp.toNanos() : NOT_MINE;
    }
    let to = at + 1;
    while ((bytes[to] as number) >= 48 && (bytes[to] as number) <= 57) to++;
    this.#end = to + 1;
    if (bytes[to] === QUOTE) return stamp.digits(bytes, at + 1, to) ? stamp.toNanos() : NOT_MINE;
    this.#end = plainTextEnd(bytes, at);
    if (this.#end < 0) return NOT_MINE;
    return stamp.parse(bytes.toString('latin1', at + 1, this.#end - 1)) === undefined ? stamp.toNanos() : NOT_MINE;
  }

  #sequence(bytes: Buffer, at: number): unknown {
    if (bytes[at] !== QUOTE) {
      const value = this.#numberIn(bytes, at, NO_BOUNDS);
      return Number.isSafeInteger(value) && (value as number) >= 0 ? value : NOT_MINE;
    }
    let to = at + 1;
    while ((bytes[to] as number) >= 48 && (bytes[to] as number) <= 57) to++;
    const digits = to - at - 1;
    if (bytes[to] !== QUOTE || digits === 0 || digits > MAX_SEQUENCE_DIGITS) return NOT_MINE;
    this.#end = to + 1;
    return bytes.toString('latin1', at + 1, to);
  }
}

const NO_BOUNDS = { min: -Infinity, above: -Infinity };
