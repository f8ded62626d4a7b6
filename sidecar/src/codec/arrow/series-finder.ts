/**
 * From the text columns of a batch to series. Dictionary columns: each combination of entries is a small number, and a
 * table from it to the series stands for as long as the dictionaries do, so a row costs a few additions. Other text, or
 * too many combinations: the texts' numbers are a key in the shared table of series.
 */
import type { MetricKind } from '@tapewatch/core';
import type { DecodeContext, SampleSink, SeriesRef } from '../../ports.ts';
import { Fault, shown } from '../problem.ts';
import { ARROW_CODE, type SeriesCache } from '../series-cache.ts';
import { MessageBytes } from '../series-table.ts';
import type { Dictionary } from './dictionaries.ts';
import type { Layout } from './layout.ts';
import { COLUMNS_MAX, COMBINATION_CELLS_MAX, COMBINATION_TABLES_MAX, COMBINATIONS_MAX, LAYOUTS_MAX } from './limit.ts';

/** One text column of the present batch: for each row a number below `size`, 0 for null; entries behind it. */
export interface TextColumn {
  readonly size: number;
  /** The text's own number. */
  number(local: number): number;
  text(local: number): string;
}

export class SeriesFinder {
  readonly #cache: SeriesCache;
  readonly #tables = new Map<string, Int32Array>();
  #cells = 0;
  /** Numbers by signature. */
  readonly #layouts = new Map<string, number>();
  #nextLayout = 1;
  #lastLayout: Layout | undefined;
  #lastNumber = 0;
  readonly #numbers = new Int32Array(COLUMNS_MAX + 1);
  readonly #message = new MessageBytes();
  readonly #key = { from: 0, to: 0, from2: 0, to2: 0, tag: 0 };

  constructor(cache: SeriesCache) {
    this.#cache = cache;
    this.#message.set(new Uint8Array(this.#numbers.buffer));
  }

  /** The table of combinations, or undefined when there would be too many. */
  tableOf(layout: Layout, dictionaries: readonly Dictionary[], { labels }: DecodeContext): Int32Array | undefined {
    let combinations = 1;
    let name = `${this.#layoutNumber(layout)},${this.#cache.tag(labels, ARROW_CODE)}`;
    for (const { id, size } of dictionaries) {
      combinations *= size + 1;
      name += `,${id}`;
    }
    if (combinations > COMBINATIONS_MAX) return undefined;
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new Int32Array(combinations);
      this.#makeRoom(combinations);
      this.#tables.set(name, table);
      this.#cells += combinations;
    }
    return table;
  }

  /** Drops the oldest tables. */
  #makeRoom(cells: number): void {
    for (const [name, { length }] of this.#tables) {
      if (this.#cells + cells <= COMBINATION_CELLS_MAX && this.#tables.size < COMBINATION_TABLES_MAX) return;
      this.#tables.delete(name);
      this.#cells -= length;
    }
  }

  /** The same for layouts that name their text columns alike; a forgotten layout gets a new one. */
  #layoutNumber(layout: Layout): number {
    if (layout === this.#lastLayout) return this.#lastNumber;
    let number = this.#layouts.get(layout.signature);
    if (number === undefined) {
      if (this.#layouts.size >= LAYOUTS_MAX) this.#layouts.delete(this.#layouts.keys().next().value as string);
      number = this.#nextLayout++;
      this.#layouts.set(layout.signature, number);
    }
    this.#lastLayout = layout;
    this.#lastNumber = number;
    return number;
  }

  /** The series of one combination; `local` has each column's number for the row. */
  find(
    layout: Layout,
    { columns, local }: { readonly columns: readonly TextColumn[]; readonly local: Int32Array },
    { context, sink }: { readonly context: DecodeContext; readonly sink: SampleSink },
  ): SeriesRef | Fault {
    const numbers = this.#numbers;
    numbers[0] = this.#layoutNumber(layout);
    for (let column = 0; column < columns.length; column++) {
      numbers[column + 1] = (columns[column] as TextColumn).number(local[column] as number);
    }
    this.#key.to = (columns.length + 1) * 4;
    this.#key.tag = this.#cache.tag(context.labels, ARROW_CODE);
    const { table } = this.#cache;
    const hash = table.hash(this.#message, 0, this.#key.to);
    const known = table.find(this.#message, this.#key, hash);
    if (known !== 0) return known;
    const identity = identityOf(layout, columns, local);
    const ref = identity instanceof Fault ? identity : this.#cache.interner.ref(identity, context.labels, sink);
    if (!(ref instanceof Fault)) table.keep(this.#message, this.#key, { hash, answer: ref });
    return ref;
  }
}

function identityOf(layout: Layout, columns: readonly TextColumn[], local: Int32Array) {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  const described: { name?: string; kind?: string; unit?: string; help?: string } = {};
  for (const [position, { column }] of layout.texts.entries()) {
    const at = local[position] as number;
    if (at === 0) continue;
    const text = (columns[position] as TextColumn).text(at);
    if (column.role === 'label') labels[column.name] = text;
    else described[column.role as keyof typeof described] = text;
  }
  const { name = '', kind = 'gauge', unit, help } = described;
  if (!isNumberKind(kind)) {
    return new Fault('schema', `kind ${shown(kind)}: expected gauge, counter or observation`);
  }
  return { name, labels, kind, unit: unit?.slice(0, 64), help: help?.slice(0, 4096) };
}

function isNumberKind(kind: string): kind is Exclude<MetricKind, 'histogram'> {
  return kind === 'gauge' || kind === 'counter' || kind === 'observation';
}
