/**
 * Scans InfluxDB line protocol (InfluxDB line protocol reference; what Telegraf's influx serializer writes):
 * `measurement[,tag=value...] field=value[,field=value...] [timestamp]`. Escapes: backslash before comma, equals sign
 * and space outside of quotes, before quote and backslash inside. Quoted text may hold line breaks. A line that does not
 * parse ends at its first line break, so it takes no other line with it. O(characters); never throws.
 */
import { Fault, shown } from './problem.ts';

const BACKSLASH = 92;
const COMMA = 44;
const EQUALS = 61;
const SPACE = 32;
const NEWLINE = 10;
const QUOTE = 34;

export interface LineField {
  /** Key as written, escapes included. */
  readonly key: string;
  /** Value as written: `12i`, `0.5`, `t`, `"text"`. */
  readonly value: string;
}

export interface ScannedLine {
  /** Measurement and tags as written: the same text is the same series. */
  readonly series: string;
  readonly fields: readonly LineField[];
  /** As written; empty when absent. */
  readonly timestamp: string;
}

export class LineScanner {
  readonly #text: string;
  #at = 0;
  #start = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next line, a fault, or undefined at the end. Empty lines and comments are passed over. */
  next(): ScannedLine | Fault | undefined {
    while (this.#at < this.#text.length) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return undefined;
      this.#start = this.#at;
      if (this.#text.charCodeAt(this.#at) === 35 /* # */) {
        this.#recover();
        continue;
      }
      const line = this.#scan();
      if (line instanceof Fault) {
        this.#at = this.#start;
        this.#recover();
      }
      return line;
    }
    return undefined;
  }

  /** The present line as written, up to its first line break: the excerpt of a problem. */
  line(): string {
    const end = this.#text.indexOf('\n', this.#start);
    return this.#text.slice(this.#start, end < 0 ? this.#text.length : end);
  }

  #scan(): ScannedLine | Fault {
    const end = this.#until(SPACE);
    if (end < 0) return new Fault('syntax', `line ${shown(this.line())}: expected fields after the measurement`);
    const series = this.#text.slice(this.#start, end);
    this.#at = end;
    this.#skipSpaces();
    const fields: LineField[] = [];
    for (;;) {
      const field = this.#field();
      if (field instanceof Fault) return field;
      fields.push(field);
      if (this.#text.charCodeAt(this.#at) !== COMMA) break;
      this.#at++;
    }
    this.#skipSpaces();
    const from = this.#at;
    this.#recover();
    const timestamp = this.#text.slice(from, this.#at).trim();
    return { series, fields, timestamp };
  }

  #field(): LineField | Fault {
    const from = this.#at;
    const equals = this.#until(EQUALS);
    if (equals <= from)
      return new Fault('syntax', `line ${shown(this.line())}: expected field=value at column ${this.#column(from)}`);
    const key = this.#text.slice(from, equals);
    this.#at = equals + 1;
    const quoted = this.#text.charCodeAt(this.#at) === QUOTE;
    const end = quoted ? this.#endOfQuoted() : this.#endOfValue();
    if (end <= equals + 1 || !this.#endsField(end)) {
      return new Fault('syntax', `line ${shown(this.line())}: field ${shown(key)} has no readable value`);
    }
    const value = this.#text.slice(equals + 1, end);
    this.#at = end;
    return { key, value };
  }

  /** Position of an unescaped sign on this line, or -1. A field's key must not run into a space. */
  #until(sign: number): number {
    const text = this.#text;
    for (let at = this.#at; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) {
        // A backslash before a line break escapes nothing.
        if (text.charCodeAt(at + 1) !== NEWLINE) at++;
      } else if (code === sign) return at;
      else if (code === NEWLINE || code === SPACE) return -1;
    }
    return -1;
  }

  #endOfValue(): number {
    const text = this.#text;
    let at = this.#at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === COMMA || code === SPACE || code === NEWLINE || code === 13) break;
    }
    return at;
  }

  /** Position after the closing quote, or -1. */
  #endOfQuoted(): number {
    const text = this.#text;
    for (let at = this.#at + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) return at + 1;
    }
    return -1;
  }

  #endsField(at: number): boolean {
    if (at >= this.#text.length) return true;
    const code = this.#text.charCodeAt(at);
    return code === COMMA || code === SPACE || code === NEWLINE || code === 13;
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === SPACE) this.#at++;
  }

  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== NEWLINE && code !== 13 && code !== 9) return;
    }
  }

  /** To the next line break at or after the present position. */
  #recover(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #column(at: number): number {
    return at - this.#start + 1;
  }
}

/** Removes the backslashes that escape a comma, an equals sign or a space. */
export function unescapeName(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,= ])/g, '$1') : text;
}
