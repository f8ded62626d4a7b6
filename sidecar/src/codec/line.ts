/**
 * InfluxDB line protocol to samples, as Telegraf sends it: the metric is `measurement_field` (`measurement` for a field
 * named `value`), tags are labels, numbers and booleans are gauges, since the line does not tell (Telegraf's `mem_total` is no
 * counter), text is skipped and counted. One bad line loses only itself. Series that were seen before cost one look-up a field.
 */
import { type Labels, type Nanos, nanos, type Sample } from '@tapewatch/core';
import type { Codec, Decoded, DecodeContext } from '../ports.ts';
import type { LabelInterner } from './label-interner.ts';
import { MESSAGE_MAX_BYTES } from './limit.ts';
import { LineScanner, type ScannedLine, unescapeName } from './line-scanner.ts';
import { Fault, ProblemList, shown } from './problem.ts';
import { textOf } from './text.ts';
import { parseWireTime } from './wire-time.ts';

/** Series texts that are kept with their labels, their characters, and fields of one series; then the cache starts anew. */
export const LINE_SERIES_MAX = 65_536;
export const LINE_SERIES_MAX_CHARACTERS = 16_777_216;
const FIELDS_MAX = 256;

interface LineSeries {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  /** By field key as written. */
  readonly byField: Map<string, Labels>;
}

export function lineCodec(interner: LabelInterner): Codec {
  const decoder = new LineDecoder(interner);
  return { name: 'line', decode: (payload, context) => decoder.decode(payload, context) };
}

class LineDecoder {
  readonly #interner: LabelInterner;
  /** By the context's label record, whose identity is stable; of the subjects in use, as many as their cache holds. */
  #caches = new WeakMap<object, Map<string, LineSeries>>();
  #size = 0;
  #characters = 0;

  constructor(interner: LabelInterner) {
    this.#interner = interner;
  }

  decode(payload: Uint8Array, context: DecodeContext): Decoded {
    const samples: Sample[] = [];
    const problems = new ProblemList();
    const text = precheck(payload, context);
    if (text instanceof Fault) {
      problems.add(text, payload);
      return { samples, events: [], problems: problems.list() };
    }
    const scanner = new LineScanner(text);
    const times = new TimeMemo(context.receivedNanos);
    for (let line = scanner.next(); line !== undefined; line = scanner.next()) {
      const fault = line instanceof Fault ? line : this.#addLine(line, { context, times, samples, problems });
      if (fault !== undefined) problems.add(fault, scanner.line());
    }
    return { samples, events: [], problems: problems.list() };
  }

  /** Adds the samples of a line; a fault takes the whole line back. */
  #addLine(
    { series: written, fields, timestamp }: ScannedLine,
    out: { context: DecodeContext; times: TimeMemo; samples: Sample[]; problems: ProblemList },
  ): Fault | undefined {
    const timeNanos = out.times.parse(timestamp);
    if (timeNanos instanceof Fault) return timeNanos;
    const series = this.#seriesOf(written, out.context);
    if (series instanceof Fault) return series;
    const before = out.samples.length;
    for (const { key, value } of fields) {
      const number = fieldNumber(value);
      if (number === undefined) {
        const text = `field ${shown(key)} of ${shown(series.measurement)} is text; only numbers and booleans are metrics`;
        out.problems.add(new Fault('non_numeric', text), written);
        continue;
      }
      const labels = Number.isNaN(number)
        ? new Fault('syntax', `field ${shown(key)}: ${shown(value)} is not a number, boolean or quoted text`)
        : this.#labelsOf(series, key, out.context);
      if (labels instanceof Fault) {
        out.samples.length = before;
        return labels;
      }
      out.samples.push({ kind: 'gauge', labels, timeNanos, value: number });
    }
    return undefined;
  }

  #seriesOf(written: string, { labels }: DecodeContext): LineSeries | Fault {
    let cache = this.#caches.get(labels);
    if (cache === undefined) this.#caches.set(labels, (cache = new Map()));
    const known = cache.get(written);
    if (known !== undefined) return known;
    const series = parseSeries(written);
    if (series instanceof Fault) return series;
    this.#remember(cache, written, series);
    return series;
  }

  #remember(cache: Map<string, LineSeries>, written: string, series: LineSeries): void {
    this.#size++;
    this.#characters += written.length;
    if (this.#size > LINE_SERIES_MAX || this.#characters > LINE_SERIES_MAX_CHARACTERS) {
      this.#caches = new WeakMap();
      this.#size = 0;
      this.#characters = 0;
    } else cache.set(detached(written), series);
  }

  #labelsOf(series: LineSeries, key: string, context: DecodeContext): Labels | Fault {
    const known = series.byField.get(key);
    if (known !== undefined) return known;
    const field = unescapeName(key);
    const name = field === 'value' ? series.measurement : `${series.measurement}_${field}`;
    const labels = this.#interner.intern(asMetricName(name), series.tags, context.labels);
    if (!(labels instanceof Fault) && series.byField.size < FIELDS_MAX) series.byField.set(detached(key), labels);
    return labels;
  }
}

/** Lines of one message share a handful of stamps. */
class TimeMemo {
  readonly #receivedNanos: bigint;
  #text = '';
  #time: Nanos | Fault;

  constructor(receivedNanos: bigint) {
    this.#receivedNanos = receivedNanos;
    this.#time = nanos(receivedNanos);
  }

  parse(text: string): Nanos | Fault {
    if (text === this.#text) return this.#time;
    this.#text = text;
    if (text === '') this.#time = nanos(this.#receivedNanos);
    else if (/^\d{1,19}$/.test(text)) this.#time = parseWireTime(text, this.#receivedNanos);
    else this.#time = new Fault('time', `timestamp ${shown(text)}: expected integer nanoseconds since 1970`);
    return this.#time;
  }
}

function precheck(payload: Uint8Array, context: DecodeContext): string | Fault {
  if (context.payloadKind !== 'metric') {
    return new Fault(
      'content_type',
      `line protocol carries metrics; this stream carries ${context.payloadKind}: publish JSON`,
    );
  }
  if (payload.length > MESSAGE_MAX_BYTES) {
    return new Fault('too_large', `message has ${payload.length} bytes; at most ${MESSAGE_MAX_BYTES} are allowed`);
  }
  return textOf(payload);
}

function parseSeries(written: string): LineSeries | Fault {
  const [measurement = '', ...parts] = splitUnescaped(written, ',');
  if (measurement === '') return new Fault('syntax', `line ${shown(written)}: the measurement is empty`);
  const tags: Record<string, string> = {};
  for (const part of parts) {
    const [key = '', value = '', ...rest] = splitUnescaped(part, '=');
    if (key === '' || value === '' || rest.length > 0) {
      return new Fault('syntax', `line ${shown(written)}: expected tag=value, got ${shown(part)}`);
    }
    tags[asLabelName(unescapeName(key))] = detached(unescapeName(value));
  }
  return { measurement: detached(unescapeName(measurement)), tags, byField: new Map() };
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

const FLOAT = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const INTEGER = /^(?:-?\d+i|\d+u)$/;
const TRUE = /^(?:t|T|true|True|TRUE)$/;
const FALSE = /^(?:f|F|false|False|FALSE)$/;

/** Undefined for quoted text, NaN for what is no value at all. */
function fieldNumber(value: string): number | undefined {
  if (FLOAT.test(value)) {
    const number = Number(value);
    return Number.isFinite(number) ? number : NaN;
  }
  if (INTEGER.test(value)) return Number(value.slice(0, -1));
  if (value.startsWith('"')) return undefined;
  return TRUE.test(value) ? 1 : FALSE.test(value) ? 0 : NaN;
}

function asMetricName(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_:]/g, '_');
  return /^\d/.test(clean) ? `_${clean}` : clean;
}

/** Two underscores in front are reserved, a digit in front is no name. */
function asLabelName(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^_+/, '_');
  return /^\d/.test(clean) ? `_${clean}` : clean;
}

/** A copy: a slice would keep the whole message in memory for as long as the cache lives. */
function detached(text: string): string {
  return Buffer.from(text).toString();
}
