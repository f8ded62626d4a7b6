/**
 * Scans InfluxDB line protocol (InfluxDB line protocol reference; what Telegraf's influx serializer writes):
 * `measurement[,tag=value...] field=value[,field=value...] [timestamp]`. Escapes: backslash before comma, equals sign
 * and space outside of quotes, before quote and backslash inside. Quoted text may hold line breaks. A line that does not
 * parse ends at its first line break, so it takes no other line with it. Works on bytes and yields positions: no text is
 * made. All signs of the grammar are ASCII, so UTF-8 inside names and values passes through. O(bytes); never throws.
 */
const BACKSLASH = 92;
const COMMA = 44;
const EQUALS = 61;
const SPACE = 32;
const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const HASH = 35;

const FIRST_FIELDS = 64;

export type LineFault = 'fields' | 'field' | 'value';

export class LineScanner {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the present line begins. */
  start = 0;
  /** End of measurement and tags as written: the same bytes are the same series. */
  seriesEnd = 0;
  /** Fields of the present line. */
  fieldCount = 0;
  /** Where each field's key begins and ends, and its value; as written, escapes and quotes included. */
  keyFrom = new Int32Array(FIRST_FIELDS);
  keyTo = new Int32Array(FIRST_FIELDS);
  valueFrom = new Int32Array(FIRST_FIELDS);
  valueTo = new Int32Array(FIRST_FIELDS);
  /** The timestamp as written; empty when absent. */
  stampFrom = 0;
  stampTo = 0;
  /** What was wrong with the present line, and where. */
  fault: LineFault | undefined;
  faultAt = 0;
  #at = 0;

  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    // A byte order mark is no part of the first measurement.
    this.#at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  /** Where the next line, or blanks before it, begin. */
  get position(): number {
    return this.#at;
  }

  /** Leaves what stands before the position unread. */
  skipTo(position: number): void {
    this.#at = position;
  }

  /** Goes to the next line, good or faulty; false at the end. Empty lines and comments are passed over. */
  next(): boolean {
    const { bytes } = this;
    for (;;) {
      this.#skipBlank();
      if (this.#at >= bytes.length) return false;
      this.start = this.#at;
      if (bytes[this.#at] === HASH) {
        this.#at = this.#lineBreak(this.#at);
        continue;
      }
      this.fault = undefined;
      if (!this.#scan()) this.#at = this.#lineBreak(this.start);
      return true;
    }
  }

  /** The present line as written, up to its first line break: the excerpt of a problem. */
  line(): Uint8Array {
    return this.bytes.subarray(this.start, this.#lineBreak(this.start));
  }

  #scan(): boolean {
    const { bytes } = this;
    const end = this.#until(SPACE, this.start);
    if (end < 0) return this.#fail('fields', this.start);
    this.seriesEnd = end;
    this.#at = end;
    this.#skipSpaces();
    this.fieldCount = 0;
    for (;;) {
      if (!this.#field()) return false;
      if (bytes[this.#at] !== COMMA) break;
      this.#at++;
    }
    this.#skipSpaces();
    let from = this.#at;
    let to = from;
    while (to < bytes.length && bytes[to] !== NEWLINE) to++;
    this.#at = to;
    while (to > from && isBlank(bytes[to - 1] as number)) to--;
    while (from < to && isBlank(bytes[from] as number)) from++;
    this.stampFrom = from;
    this.stampTo = to;
    return true;
  }

  #field(): boolean {
    const { bytes } = this;
    const from = this.#at;
    const equals = this.#until(EQUALS, from);
    if (equals <= from) return this.#fail('field', from);
    const valueFrom = equals + 1;
    const end = bytes[valueFrom] === QUOTE ? this.#endOfQuoted(valueFrom) : this.#endOfValue(valueFrom);
    if (end <= valueFrom || !this.#endsField(end)) {
      this.keyFrom[0] = from;
      this.keyTo[0] = equals;
      return this.#fail('value', from);
    }
    const index = this.fieldCount++;
    if (index === this.keyFrom.length) this.#growFields();
    this.keyFrom[index] = from;
    this.keyTo[index] = equals;
    this.valueFrom[index] = valueFrom;
    this.valueTo[index] = end;
    this.#at = end;
    return true;
  }

  #fail(fault: LineFault, at: number): false {
    this.fault = fault;
    this.faultAt = at;
    return false;
  }

  /** Position of an unescaped sign on this line, or -1. A field's key must not run into a space. */
  #until(sign: number, from: number): number {
    const { bytes } = this;
    for (let at = from; at < bytes.length; at++) {
      const code = bytes[at] as number;
      if (code === sign) return at;
      if (code === BACKSLASH) {
        // A backslash before a line break escapes nothing.
        if (bytes[at + 1] !== NEWLINE) at++;
      } else if (code === NEWLINE || code === SPACE) return -1;
    }
    return -1;
  }

  #endOfValue(from: number): number {
    const { bytes } = this;
    let at = from;
    for (; at < bytes.length; at++) {
      const code = bytes[at] as number;
      if (code === COMMA || code === SPACE || code === NEWLINE || code === RETURN) break;
    }
    return at;
  }

  /** Position after the closing quote, or -1. */
  #endOfQuoted(quote: number): number {
    const { bytes } = this;
    for (let at = quote + 1; at < bytes.length; at++) {
      const code = bytes[at] as number;
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) return at + 1;
    }
    return -1;
  }

  #endsField(at: number): boolean {
    if (at >= this.bytes.length) return true;
    const code = this.bytes[at] as number;
    return code === COMMA || code === SPACE || code === NEWLINE || code === RETURN;
  }

  #skipSpaces(): void {
    while (this.bytes[this.#at] === SPACE) this.#at++;
  }

  #skipBlank(): void {
    const { bytes } = this;
    while (this.#at < bytes.length && (isBlank(bytes[this.#at] as number) || bytes[this.#at] === NEWLINE)) this.#at++;
  }

  #lineBreak(from: number): number {
    const end = this.bytes.indexOf(NEWLINE, from);
    return end < 0 ? this.bytes.length : end;
  }

  #growFields(): void {
    this.keyFrom = doubled(this.keyFrom);
    this.keyTo = doubled(this.keyTo);
    this.valueFrom = doubled(this.valueFrom);
    this.valueTo = doubled(this.valueTo);
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === RETURN || code === 9;
}

function doubled(column: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(column.length * 2);
  copy.set(column);
  return copy;
}

/** Removes the backslashes that escape a comma, an equals sign or a space. */
export function unescapeName(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,= ])/g, '$1') : text;
}
