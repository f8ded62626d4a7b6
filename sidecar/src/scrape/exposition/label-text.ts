/**
 * The inside of braces: `name="value"` pairs, and in Prometheus 3's form a quoted metric name among them. Escapes are
 * `\\`, `\"` and `\n`; a backslash before anything else stays, as in Prometheus.
 */
import { METRIC_NAME, type LabelPair } from '@tapewatch/core';
import { faultAt } from './exposition-error.ts';

export interface LabelTextOptions {
  /** OpenMetrics has no blanks between labels, and no line feed within a value. */
  readonly strict: boolean;
  /** An exemplar has no metric name. */
  readonly exemplar?: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/** Index after the closing quote of the string that begins at `from`. */
export function endOfQuoted(text: string, from: number, strict: boolean): number {
  for (let i = from + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i + 1;
    if (unit === BACKSLASH) i++;
    if (strict && text.charCodeAt(i) === NEWLINE) break;
  }
  throw faultAt(text, from, 'a quoted text does not end');
}

export function unescapeLabel(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

/** Reads `{...}` at `from`. Pairs are as written, empty values included; a quoted name comes as `__name__`. */
export function readLabels(
  text: string,
  from: number,
  options: LabelTextOptions,
): { readonly pairs: LabelPair[]; readonly end: number } {
  const reader = new LabelReader(text, from + 1, options);
  return { pairs: reader.read(), end: reader.at };
}

class LabelReader {
  readonly #text: string;
  readonly #options: LabelTextOptions;
  readonly #pairs: LabelPair[] = [];
  readonly #names = new Set<string>();
  at: number;

  constructor(text: string, at: number, options: LabelTextOptions) {
    this.#text = text;
    this.#options = options;
    this.at = at;
  }

  read(): LabelPair[] {
    this.#blanks();
    while (this.#text[this.at] !== '}') {
      this.#item();
      this.#blanks();
      if (this.#text[this.at] === ',') {
        this.at++;
        this.#blanks();
      } else if (this.#text[this.at] !== '}') throw this.#fault('expected "," or "}"');
    }
    this.at++;
    return this.#pairs;
  }

  #item(): void {
    const from = this.at;
    const isQuoted = this.#text[from] === '"';
    const name = isQuoted ? this.#quoted() : this.#bareName();
    this.#blanks();
    if (this.#text[this.at] !== '=') {
      if (!isQuoted || this.#options.exemplar === true) throw this.#fault('expected "=" after a label name');
      this.#add(METRIC_NAME, name, from);
      return;
    }
    this.at++;
    this.#blanks();
    if (this.#text[this.at] !== '"') throw this.#fault('expected a quoted label value');
    this.#add(name, this.#quoted(), from);
  }

  #add(name: string, value: string, from: number): void {
    if (name === '') throw faultAt(this.#text, from, 'a label has an empty name');
    if (this.#names.has(name)) {
      throw faultAt(this.#text, from, `the label ${JSON.stringify(name)} occurs twice`);
    }
    this.#names.add(name);
    this.#pairs.push([name, value]);
  }

  #quoted(): string {
    const from = this.at;
    this.at = endOfQuoted(this.#text, from, this.#options.strict);
    return unescapeLabel(this.#text.slice(from + 1, this.at - 1));
  }

  #bareName(): string {
    const from = this.at;
    while (isNameUnit(this.#text.charCodeAt(this.at), this.at > from)) this.at++;
    if (this.at === from) throw this.#fault('expected a label name');
    return this.#text.slice(from, this.at);
  }

  #blanks(): void {
    if (this.#options.strict) return;
    while (this.#text[this.at] === ' ' || this.#text[this.at] === '\t') this.at++;
  }

  #fault(message: string): Error {
    return faultAt(this.#text, this.at, message);
  }
}

/** `[a-zA-Z_]`, and digits after the first. */
export function isNameUnit(unit: number, digits: boolean): boolean {
  return (
    (unit >= 0x61 && unit <= 0x7a) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    unit === 0x5f ||
    (digits && unit >= 0x30 && unit <= 0x39)
  );
}
