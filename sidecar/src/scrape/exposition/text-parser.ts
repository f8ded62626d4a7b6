/**
 * Reads the Prometheus text format (0.0.4, 1.0.0) and OpenMetrics text (1.0.0) entry by entry. A sample's labels are
 * read only when asked for: a target sends the same texts each time, and who knows a text needs only its value.
 * Written here because no library on npm reads OpenMetrics (parse-prometheus-text-format 1.1.1 knows 0.0.4 only and builds
 * an object a sample). Accepts what Prometheus 3 accepts; its own package answered the cases of the tests.
 * Linear in the length of the text; memory is the text's.
 */
import { METRIC_NAME, type LabelPair } from '@tapewatch/core';
import { faultAt } from './exposition-error.ts';
import { endOfQuoted, isNameUnit, readLabels, unescapeLabel } from './label-text.ts';
import { parseMilliseconds, parseNumber, parseSeconds, type Stamp } from './number-text.ts';

export type Dialect = 'prometheus' | 'openmetrics';
export type Entry = 'sample' | 'type' | 'help' | 'unit' | 'end';

export const METRIC_TYPES = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

const TYPES_BY_DIALECT: Readonly<Record<Dialect, ReadonlyMap<string, MetricType>>> = {
  prometheus: new Map<string, MetricType>([
    ['counter', 'counter'],
    ['gauge', 'gauge'],
    ['histogram', 'histogram'],
    ['summary', 'summary'],
    ['untyped', 'unknown'],
  ]),
  openmetrics: new Map(METRIC_TYPES.map((type) => [type, type])),
};

/** One measurement behind a sample. */
export interface PageExemplar {
  readonly labels: readonly LabelPair[];
  readonly value: number;
  readonly stamp: Stamp | undefined;
}

const [NEWLINE, SPACE, TAB, HASH, OPEN, CLOSE, QUOTE, COLON] = [0x0a, 0x20, 0x09, 0x23, 0x7b, 0x7d, 0x22, 0x3a];

export class TextParser {
  readonly #text: string;
  readonly #dialect: Dialect;
  readonly #strict: boolean;
  #at = 0;
  #seriesStart = 0;
  #exemplar: PageExemplar | undefined;

  /** Of a `sample`: name and labels as written, the identity of the line. */
  seriesText = '';
  value = 0;
  stamp: Stamp | undefined;
  /** Of `type`, `help` and `unit`: the family. */
  family = '';
  metricType: MetricType = 'unknown';
  /** Of `help` and `unit`. */
  content = '';

  constructor(text: string, dialect: Dialect) {
    this.#text = text;
    this.#dialect = dialect;
    this.#strict = dialect === 'openmetrics';
  }

  /** Moves on to the next entry. Throws `ExpositionError`. */
  next(): Entry {
    for (;;) {
      if (!this.#strict) this.#skipBlank();
      if (this.#at >= this.#text.length) {
        if (this.#strict) throw this.#fault('the page does not end with "# EOF"');
        return 'end';
      }
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== HASH) return this.#sample();
      const entry = this.#strict ? this.#strictComment() : this.#comment();
      if (entry !== undefined) return entry;
    }
  }

  /** Labels of the present sample as written, with its name as `__name__`; empty values included. */
  labels(): LabelPair[] {
    const nameEnd = this.#endOfName(this.#seriesStart);
    const name = this.#text.slice(this.#seriesStart, nameEnd);
    const brace = this.#strict ? nameEnd : this.#endOfBlanks(nameEnd);
    if (this.#text.charCodeAt(brace) !== OPEN) return [[METRIC_NAME, name]];
    const { pairs } = readLabels(this.#text, brace, { strict: this.#strict });
    const quoted = pairs.find(([label]) => label === METRIC_NAME);
    if (name === '' && quoted === undefined)
      throw faultAt(this.#text, this.#seriesStart, 'a sample has no metric name');
    if (name !== '' && quoted !== undefined) throw faultAt(this.#text, brace, 'a sample has two metric names');
    return name === '' ? pairs : [[METRIC_NAME, name], ...pairs];
  }

  /** The present sample's exemplar; its texts are parts of the page. */
  get exemplar(): PageExemplar | undefined {
    return this.#exemplar;
  }

  #sample(): Entry {
    const start = this.#at;
    this.#seriesStart = start;
    const nameEnd = this.#endOfName(start);
    const brace = this.#strict ? nameEnd : this.#endOfBlanks(nameEnd);
    const hasLabels = this.#text.charCodeAt(brace) === OPEN;
    if (nameEnd === start && !hasLabels) throw this.#fault('expected a metric name, "{" or "#"');
    const end = hasLabels ? this.#endOfBraces(brace) : nameEnd;
    this.seriesText = this.#text.slice(start, end);
    this.#at = end;
    const valueText = this.#token('a value');
    const value = parseNumber(valueText);
    if (value === undefined) throw faultAt(this.#text, this.#at - valueText.length, `${quote(valueText)} is no number`);
    this.value = value;
    this.#stampAndRest();
    return 'sample';
  }

  #stampAndRest(): void {
    this.stamp = undefined;
    this.#exemplar = undefined;
    if (this.#isLineEnd()) return;
    if (!this.#atExemplar()) {
      const text = this.#token('a stamp');
      this.stamp = this.#strict ? parseSeconds(text) : parseMilliseconds(text);
      if (this.stamp === undefined) {
        const expected = this.#strict ? 'seconds' : 'whole milliseconds';
        throw faultAt(this.#text, this.#at - text.length, `${quote(text)} is no stamp in ${expected}`);
      }
      if (this.#isLineEnd()) return;
    }
    if (!this.#atExemplar()) throw this.#fault('expected the end of the line');
    this.#exemplar = this.#readExemplar(this.#at + 3);
    if (!this.#isLineEnd()) throw this.#fault('expected the end of the line');
  }

  #atExemplar(): boolean {
    return this.#strict && this.#text.startsWith(' # {', this.#at);
  }

  /** Steps over it. */
  #readExemplar(from: number): PageExemplar {
    const { pairs: labels, end } = readLabels(this.#text, from, { strict: true, exemplar: true });
    const rest = /(?: ([^ \n]+))(?: ([^ \n]+))?/y;
    rest.lastIndex = end;
    const [whole = '', valueText = '', stampText] = rest.exec(this.#text) ?? [];
    const value = parseNumber(valueText);
    if (value === undefined) throw faultAt(this.#text, end, 'expected the number of an exemplar');
    const stamp = stampText === undefined ? undefined : parseSeconds(stampText);
    if (stampText !== undefined && stamp === undefined) {
      throw faultAt(this.#text, end, `${quote(stampText)} is no stamp in seconds`);
    }
    this.#at = end + whole.length;
    return { labels, value, stamp };
  }

  /** A comment of the text format; undefined for one that says nothing to a machine. */
  #comment(): Entry | undefined {
    const start = this.#at;
    const end = this.#lineEnd(start);
    this.#at = Math.min(end + 1, this.#text.length);
    const keyword = this.#endOfBlanks(start + 1);
    if (keyword === start + 1) return undefined;
    const kind = this.#text.slice(keyword, keyword + 4);
    const after = this.#text.charCodeAt(keyword + 4);
    if ((kind !== 'HELP' && kind !== 'TYPE') || (after !== SPACE && after !== TAB)) return undefined;
    const contentStart = this.#familyName(this.#endOfBlanks(keyword + 4));
    const content = this.#text.slice(this.#endOfBlanks(contentStart), end);
    return kind === 'TYPE' ? this.#type(content.trimEnd(), contentStart) : this.#help(content);
  }

  /** A comment of OpenMetrics, where each blank is one space. */
  #strictComment(): Entry {
    const start = this.#at;
    if (this.#text.startsWith('# EOF', start)) {
      const rest = this.#text.length - start - 5;
      if (rest === 0 || (rest === 1 && this.#text.endsWith('\n'))) return 'end';
      if (this.#text.charCodeAt(start + 5) === NEWLINE) throw faultAt(this.#text, start + 6, 'data after "# EOF"');
    }
    const kind = this.#text.slice(start, start + 7);
    if (kind !== '# HELP ' && kind !== '# TYPE ' && kind !== '# UNIT ') {
      throw this.#fault('a comment of OpenMetrics is "# HELP", "# TYPE", "# UNIT" or "# EOF"');
    }
    const end = this.#lineEnd(start);
    const nameEnd = this.#familyName(start + 7);
    if (this.#text.charCodeAt(nameEnd) !== SPACE) throw faultAt(this.#text, nameEnd, 'expected a space and text');
    const content = this.#text.slice(nameEnd + 1, end);
    if (end >= this.#text.length) throw faultAt(this.#text, end, 'the page does not end with "# EOF"');
    this.#at = end + 1;
    if (kind === '# TYPE ') return this.#type(content, nameEnd);
    return kind === '# HELP ' ? this.#help(content) : this.#unit(content, nameEnd);
  }

  #type(content: string, at: number): Entry {
    const known = TYPES_BY_DIALECT[this.#dialect];
    const type = known.get(content);
    if (type === undefined) {
      throw faultAt(this.#text, at, `${quote(content)} is no metric type; known are ${[...known.keys()].join(', ')}`);
    }
    this.metricType = type;
    return 'type';
  }

  #help(content: string): Entry {
    this.content = this.#strict
      ? unescapeLabel(content)
      : content.replace(/\\([\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    return 'help';
  }

  #unit(content: string, at: number): Entry {
    if (content !== '' && !this.family.endsWith(`_${content}`)) {
      throw faultAt(this.#text, at, `the unit ${quote(content)} is not the end of the name ${quote(this.family)}`);
    }
    this.content = content;
    return 'unit';
  }

  /** Reads the family's name at `from`, bare or quoted, and yields the index after it. */
  #familyName(from: number): number {
    if (this.#text.charCodeAt(from) === QUOTE) {
      const end = endOfQuoted(this.#text, from, true);
      this.family = unescapeLabel(this.#text.slice(from + 1, end - 1));
      return end;
    }
    const end = this.#endOfName(from);
    if (end === from) throw faultAt(this.#text, from, 'expected a metric name');
    this.family = this.#text.slice(from, end);
    return end;
  }

  /** The next word of the line, after its blanks; none is a fault. */
  #token(expected: string): string {
    const start = this.#strict
      ? this.#at + (this.#text.charCodeAt(this.#at) === SPACE ? 1 : 0)
      : this.#endOfBlanks(this.#at);
    if (this.#strict && start === this.#at) throw this.#fault(`expected a space and ${expected}`);
    let end = start;
    for (; end < this.#text.length; end++) {
      const unit = this.#text.charCodeAt(end);
      if (unit === NEWLINE || unit === SPACE || (!this.#strict && unit === TAB)) break;
    }
    this.#at = end;
    if (end === start) throw this.#fault(`expected ${expected}`);
    return this.#text.slice(start, end);
  }

  /** Steps over the end of the line, when it is here. */
  #isLineEnd(): boolean {
    const at = this.#strict ? this.#at : this.#endOfBlanks(this.#at);
    const isEnd = this.#text.charCodeAt(at) === NEWLINE || (!this.#strict && at >= this.#text.length);
    if (isEnd) this.#at = at + 1;
    return isEnd;
  }

  /** Index after the closing brace; only quotes are understood here. */
  #endOfBraces(open: number): number {
    for (let i = open + 1; i < this.#text.length;) {
      const unit = this.#text.charCodeAt(i);
      if (unit === CLOSE) return i + 1;
      if (unit === NEWLINE) break;
      i = unit === QUOTE ? endOfQuoted(this.#text, i, this.#strict) : i + 1;
    }
    throw faultAt(this.#text, open, 'the labels do not end');
  }

  #endOfName(from: number): number {
    let end = from;
    for (; ; end++) {
      const unit = this.#text.charCodeAt(end);
      if (!isNameUnit(unit, end > from) && unit !== COLON) return end;
    }
  }

  #endOfBlanks(from: number): number {
    let end = from;
    for (; ; end++) {
      const unit = this.#text.charCodeAt(end);
      if (unit !== SPACE && unit !== TAB) return end;
    }
  }

  #skipBlank(): void {
    for (;;) {
      const at = this.#endOfBlanks(this.#at);
      this.#at = at;
      if (this.#text.charCodeAt(at) !== NEWLINE) return;
      this.#at++;
    }
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end === -1 ? this.#text.length : end;
  }

  #fault(message: string): Error {
    return faultAt(this.#text, this.#at, message);
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}
