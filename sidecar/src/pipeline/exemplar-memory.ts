/**
 * Exemplars that publishers sent, in memory only: they are gone after a restart, as in Prometheus. Bounded three times.
 * Of one series a second: the first ones, which may have any value, and the largest of the others, so that the tail has
 * some. Of one series in all: past that, of each four neighbours in time the largest and one other stay, so that what is
 * old gets sparse and never short. In total: past that, the series that was silent longest gives its oldest. What is
 * repeated, as a page does at every scrape, is kept once.
 */
import { EXEMPLAR_MAX_CHARACTERS } from '@tapewatch/contract';
import type { LabelPair, Labels } from '@tapewatch/core';
import type { Exemplar, ExemplarSeries, KeptExemplars, SentExemplar } from '../ports.ts';

/** Of one series in a second of receipt. Together what OpenTelemetry's reservoirs send at once. */
export const FIRST_PER_SECOND = 10;
export const LARGEST_PER_SECOND = 10;
/** Of one series. */
export const SERIES_MAX_EXEMPLARS = 1_024;

/** `displaced`: taken, in the place of a smaller one of the same second. The others name why it was not taken. */
export type ExemplarOutcome = 'taken' | 'displaced' | 'repeated' | 'exemplar_labels' | 'exemplar_rate' | 'exemplar_off';

interface Kept {
  readonly seconds: number;
  readonly nanos: number;
  readonly value: number;
  /** Labels as JSON: a third of the memory of objects, compared at once, and no part of the message it came in. */
  readonly text: string;
}

export class ExemplarMemory implements KeptExemplars {
  readonly #max: number;
  readonly #byKey = new Map<string, SeriesExemplars>();
  #size = 0;
  /** Series in the order in which they were last added to. */
  #silentLongest: SeriesExemplars | undefined;
  #heardLast: SeriesExemplars | undefined;

  /** `max`: exemplars in total; 0 keeps none. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** `second`: of the receipt. */
  add(labels: Labels, sent: SentExemplar, second: number): ExemplarOutcome {
    if (this.#max === 0) return 'exemplar_off';
    if (sent.labels.length === 0 || isTooLong(sent.labels)) return 'exemplar_labels';
    const series = this.#byKey.get(labels.key) ?? new SeriesExemplars(labels);
    const { seconds, nanos, value } = sent;
    const before = series.size;
    const outcome = series.add({ seconds, nanos, value, text: JSON.stringify(sent.labels) }, second);
    if (outcome !== 'taken' && outcome !== 'displaced') return outcome;
    this.#size += series.size - before;
    this.#byKey.set(labels.key, series);
    this.#unlink(series);
    this.#append(series);
    if (this.#size > this.#max) this.#evict();
    return outcome;
  }

  select(
    matches: (labels: Labels) => boolean,
    span: { readonly startMs: number; readonly endMs: number },
  ): ExemplarSeries[] {
    const found: ExemplarSeries[] = [];
    for (const series of this.#byKey.values()) {
      if (!matches(series.labels)) continue;
      const exemplars = series.within(span.startMs, span.endMs);
      if (exemplars.length > 0) found.push({ labels: series.labels, exemplars });
    }
    return found;
  }

  #evict(): void {
    const series = this.#silentLongest as SeriesExemplars;
    series.dropOldest();
    this.#size--;
    if (series.size > 0) return;
    this.#byKey.delete(series.labels.key);
    this.#unlink(series);
  }

  #append(series: SeriesExemplars): void {
    series.before = this.#heardLast;
    if (this.#heardLast !== undefined) this.#heardLast.after = series;
    this.#heardLast = series;
    this.#silentLongest ??= series;
  }

  #unlink(series: SeriesExemplars): void {
    const { before, after } = series;
    if (before !== undefined) before.after = after;
    if (after !== undefined) after.before = before;
    if (this.#silentLongest === series) this.#silentLongest = after;
    if (this.#heardLast === series) this.#heardLast = before;
    series.before = series.after = undefined;
  }
}

/** Those of one series, ascending in time. */
class SeriesExemplars {
  readonly labels: Labels;
  /** Neighbours in the order of the memory. */
  before: SeriesExemplars | undefined;
  after: SeriesExemplars | undefined;
  #kept: Kept[] = [];
  #second = NaN;
  #first = 0;
  #largest: Kept[] = [];

  constructor(labels: Labels) {
    this.labels = labels;
  }

  get size(): number {
    return this.#kept.length;
  }

  add(one: Kept, second: number): ExemplarOutcome {
    if (this.#has(one)) return 'repeated';
    if (second !== this.#second) this.#begin(second);
    const outcome = this.#admit(one);
    if (outcome === 'exemplar_rate') return outcome;
    this.#kept.splice(this.#placeOf(one), 0, one);
    if (this.#kept.length > SERIES_MAX_EXEMPLARS) this.#thin();
    return outcome;
  }

  dropOldest(): void {
    this.#kept.shift();
  }

  within(startMs: number, endMs: number): Exemplar[] {
    const found: Exemplar[] = [];
    for (const { seconds, nanos, value, text } of this.#kept) {
      const timeMs = seconds * 1_000 + Math.floor(nanos / 1e6);
      if (timeMs < startMs || timeMs > endMs) continue;
      found.push({ timeMs, value, labels: recordOf(JSON.parse(text) as LabelPair[]) });
    }
    return found;
  }

  /** The newest is the same whatever its stamp: one without a stamp of its own comes with that of its page. */
  #has(one: Kept): boolean {
    const newest = this.#kept.at(-1);
    if (newest !== undefined && isSame(newest, one)) return true;
    for (let i = this.#placeOf(one) - 1; i >= 0 && !isAfter(one, this.#kept[i] as Kept); i--) {
      if (isSame(this.#kept[i] as Kept, one)) return true;
    }
    return false;
  }

  /** Behind all that are not later; most often at the end. */
  #placeOf(one: Kept): number {
    let place = this.#kept.length;
    while (place > 0 && isAfter(this.#kept[place - 1] as Kept, one)) place--;
    return place;
  }

  #begin(second: number): void {
    this.#second = second;
    this.#first = 0;
    this.#largest = [];
  }

  #admit(one: Kept): 'taken' | 'displaced' | 'exemplar_rate' {
    if (this.#first < FIRST_PER_SECOND) {
      this.#first++;
      return 'taken';
    }
    if (this.#largest.length < LARGEST_PER_SECOND) {
      this.#largest.push(one);
      return 'taken';
    }
    const smallest = this.#largest.reduce((least, next) => (next.value < least.value ? next : least));
    if (!(one.value > smallest.value)) return 'exemplar_rate';
    this.#largest[this.#largest.indexOf(smallest)] = one;
    const place = this.#kept.indexOf(smallest);
    // It may have gone for want of room already.
    if (place < 0) return 'taken';
    this.#kept.splice(place, 1);
    return 'displaced';
  }

  #thin(): void {
    const kept: Kept[] = [];
    for (let from = 0; from < this.#kept.length; from += 4) {
      const four = this.#kept.slice(from, from + 4);
      const largest = four.reduce((most, next) => (next.value > most.value ? next : most));
      const other = four.find((one) => one !== largest);
      kept.push(...four.filter((one) => one === largest || one === other));
    }
    this.#kept = kept;
  }
}

function isAfter(a: Kept, b: Kept): boolean {
  return a.seconds === b.seconds ? a.nanos > b.nanos : a.seconds > b.seconds;
}

function isSame(a: Kept, b: Kept): boolean {
  return a.text === b.text && Object.is(a.value, b.value);
}

/** Code units tell of the common case that all is short enough. */
function isTooLong(labels: readonly LabelPair[]): boolean {
  let units = 0;
  for (const [name, value] of labels) units += name.length + value.length;
  if (units <= EXEMPLAR_MAX_CHARACTERS) return false;
  if (units > 2 * EXEMPLAR_MAX_CHARACTERS) return true;
  let characters = 0;
  for (const pair of labels) for (const text of pair) characters += [...text].length;
  return characters > EXEMPLAR_MAX_CHARACTERS;
}

/** Without a prototype: a label may be called as one of its members. */
function recordOf(pairs: readonly LabelPair[]): Record<string, string> {
  const record = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) record[name] = value;
  return record;
}
