/** One record batch, or one dictionary, from the present message of a walker. */
import type { DecodeContext, SampleSink, SeriesRef } from '../../ports.ts';
import { Fault, type ProblemList, shown } from '../problem.ts';
import type { SeriesCache } from '../series-cache.ts';
import { MessageBytes } from '../series-table.ts';
import { StampReader } from '../stamp.ts';
import { textOf } from '../text.ts';
import { BatchBody, isValid, type Numbers } from './body.ts';
import type { Dictionary, TextNumbers } from './dictionaries.ts';
import type { StreamWalker } from './ipc.ts';
import type { Column, Layout } from './layout.ts';
import { COLUMNS_MAX, DICTIONARY_MAX, ROWS_MAX } from './limit.ts';
import { SeriesFinder, type TextColumn } from './series-finder.ts';

const TWO_TO_32 = 4_294_967_296;

export interface Reading {
  readonly layout: Layout;
  readonly dictionaries: ReadonlyMap<string, Dictionary>;
  readonly context: DecodeContext;
  readonly sink: SampleSink;
  readonly problems: ProblemList;
}

/** A text column of the present batch, with each row's entry (0: null). */
interface LoadedText extends TextColumn {
  readonly rows: Int32Array;
}

export class BatchReader {
  readonly #walker: StreamWalker;
  readonly #texts: TextNumbers;
  readonly #body: BatchBody;
  readonly #finder: SeriesFinder;
  readonly #stamp = new StampReader();
  readonly #local = new Int32Array(COLUMNS_MAX);
  readonly #message = new MessageBytes();
  /** A row's combination of dictionary entries; grown to the largest batch so far. */
  #combinations = new Int32Array(1_024);

  constructor(cache: SeriesCache, walker: StreamWalker, texts: TextNumbers) {
    this.#walker = walker;
    this.#texts = texts;
    this.#body = new BatchBody(walker);
    this.#finder = new SeriesFinder(cache);
  }

  read(payload: Uint8Array, reading: Reading): Fault | undefined {
    const { layout, context } = reading;
    const rows = this.#walker.rows(0);
    const structure = this.#structureFault(layout, rows);
    if (structure !== undefined) return structure;
    if (rows === 0) return undefined;
    this.#body.load(payload);
    this.#stamp.begin(context.receivedNanos);
    const firstBuffer = firstBuffers(layout.columns);
    const texts: LoadedText[] = [];
    for (const { column, index } of layout.texts) {
      const text = this.#text(column, { index, buffer: firstBuffer[index] as number, rows }, reading);
      if (text instanceof Fault) return text;
      texts.push(text);
    }
    const values = this.#values(layout, firstBuffer, rows);
    if (values instanceof Fault) return values;
    const times = this.#times(layout, firstBuffer, rows);
    if (times instanceof Fault) return times;
    const table = this.#table(reading, texts, rows);
    this.#emit(reading, { rows, texts, values, times, table });
    return undefined;
  }

  #structureFault(layout: Layout, rows: number): Fault | undefined {
    if (this.#walker.batch.compression() !== null) {
      return new Fault('schema', 'the record batch is compressed; send it uncompressed, or compress the whole message');
    }
    if (!(rows >= 0 && rows <= ROWS_MAX)) {
      return new Fault('too_large', `the record batch has ${rows} rows; at most ${ROWS_MAX} are allowed`);
    }
    for (let column = 0; column < layout.columns.length; column++) {
      if (this.#walker.rows(column) !== rows) return new Fault('syntax', `column ${column} has not ${rows} rows`);
    }
    return undefined;
  }

  /** The table of combinations with each row's place in it, or undefined. */
  #table({ layout, dictionaries, context }: Reading, texts: readonly LoadedText[], rows: number) {
    if (layout.texts.some(({ column }) => column.dictionary === undefined)) return undefined;
    const used = layout.texts.map(({ column }) => dictionaries.get(column.dictionary as string) as Dictionary);
    const table = this.#finder.tableOf(layout, used, context);
    if (table === undefined) return undefined;
    if (rows > this.#combinations.length) this.#combinations = new Int32Array(2 ** Math.ceil(Math.log2(rows)));
    const combinations = this.#combinations.fill(0, 0, rows);
    for (const { rows: entries, size } of texts) {
      for (let row = 0; row < rows; row++) {
        combinations[row] = (combinations[row] as number) * size + (entries[row] as number);
      }
    }
    return table;
  }

  #emit(
    reading: Reading,
    batch: {
      readonly rows: number;
      readonly texts: readonly LoadedText[];
      readonly values: Float64Array | Numbers;
      readonly times: { readonly validity: number; readonly words: Int32Array; readonly nanosPerUnit: 1 } | undefined;
      readonly table: Int32Array | undefined;
    },
  ): void {
    const { sink } = reading;
    const { rows, values, table } = batch;
    const validity = this.#valueValidity;
    for (let row = 0; row < rows; row++) {
      const fault = this.#readTime(batch.times, row);
      if (fault !== undefined || !isValid(this.#body.bytes, validity, row)) {
        reading.problems.add(fault ?? new Fault('schema', 'value: expected a number, got null'), `row ${row}`);
        continue;
      }
      const combination = this.#combinations[row] as number;
      let ref: SeriesRef | Fault = table === undefined ? 0 : (table[combination] as number);
      if (ref === 0) {
        ref = this.#ask(reading, batch.texts, row);
        if (ref instanceof Fault) {
          reading.problems.add(ref, `row ${row}`);
          continue;
        }
        if (table !== undefined && ref > 0) table[combination] = ref;
      }
      sink.number(ref, this.#stamp.seconds, this.#stamp.nanos, values[row] as number);
    }
  }

  #ask({ layout, context, sink }: Reading, texts: readonly LoadedText[], row: number): SeriesRef | Fault {
    const local = this.#local;
    for (let column = 0; column < texts.length; column++) {
      local[column] = (texts[column] as LoadedText).rows[row] as number;
    }
    return this.#finder.find(layout, { columns: texts, local }, { context, sink });
  }

  #readTime(times: { validity: number; words: Int32Array; nanosPerUnit: number } | undefined, row: number) {
    const stamp = this.#stamp;
    if (times === undefined || !isValid(this.#body.bytes, times.validity, row)) {
      stamp.receipt();
      return undefined;
    }
    const low = (times.words[row * 2] as number) >>> 0;
    const high = times.words[row * 2 + 1] as number;
    const good =
      times.nanosPerUnit === 1
        ? stamp.halves(high >>> 0, low)
        : stamp.units(high * TWO_TO_32 + low, times.nanosPerUnit as 1_000);
    if (good) return undefined;
    const shownTime = `${(BigInt(high) << 32n) + BigInt(low)} of ${times.nanosPerUnit} ns`;
    return stamp.check(shownTime) ?? new Fault('time', `time ${shownTime}: outside 1970 to 2262`);
  }

  #valueValidity = -1;

  #values({ columns, value }: Layout, firstBuffer: readonly number[], rows: number): Numbers | Fault {
    const column = columns[value] as Column;
    const buffer = firstBuffer[value] as number;
    const validity = this.#body.validity(value, buffer, rows);
    if (validity instanceof Fault) return validity;
    this.#valueValidity = validity;
    if (!column.numberType?.endsWith('int64')) return this.#body.numbers(column, buffer + 1, rows);
    const from = this.#body.values(buffer + 1, rows, 8);
    if (from instanceof Fault) return from;
    const signed = column.numberType === 'int64';
    return Float64Array.from({ length: rows }, (_, row) => {
      const high = this.#body.view.getInt32(from + row * 8 + 4, true);
      return (signed ? high : high >>> 0) * TWO_TO_32 + this.#body.view.getUint32(from + row * 8, true);
    });
  }

  #times({ columns, time }: Layout, firstBuffer: readonly number[], rows: number) {
    if (time < 0) return undefined;
    const buffer = firstBuffer[time] as number;
    const validity = this.#body.validity(time, buffer, rows);
    if (validity instanceof Fault) return validity;
    const from = this.#body.values(buffer + 1, rows, 8);
    if (from instanceof Fault) return from;
    const nanosPerUnit = (columns[time] as Column).nanosPerUnit as 1;
    return { validity, words: new Int32Array(this.#body.bytes.buffer, from, rows * 2), nanosPerUnit };
  }

  #text(
    column: Column,
    { index, buffer, rows }: { readonly index: number; readonly buffer: number; readonly rows: number },
    { dictionaries }: Reading,
  ): LoadedText | Fault {
    const validity = this.#body.validity(index, buffer, rows);
    if (validity instanceof Fault) return validity;
    if (column.dictionary === undefined) return this.#plainText(column, { buffer, rows, validity });
    const dictionary = dictionaries.get(column.dictionary);
    if (dictionary === undefined)
      return new Fault('syntax', `column ${shown(column.name)} comes before its dictionary`);
    const indexes = this.#body.numbers(column, buffer + 1, rows);
    if (indexes instanceof Fault) return indexes;
    const entries = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      if (!isValid(this.#body.bytes, validity, row)) continue;
      const at = indexes[row] as number;
      if (!(at >= 0 && at < dictionary.size))
        return new Fault('syntax', `column ${shown(column.name)}: no entry ${at}`);
      entries[row] = at + 1;
    }
    return {
      size: dictionary.size + 1,
      rows: entries,
      number: (local) => (local === 0 ? 0 : (dictionary.numbers[local - 1] as number)),
      text: (local) => dictionary.text(local - 1),
    };
  }

  #plainText(
    { name, offsetBytes }: Column,
    { buffer, rows, validity }: { readonly buffer: number; readonly rows: number; readonly validity: number },
  ): LoadedText | Fault {
    const places = this.#places(buffer, rows, offsetBytes === 8 ? 8 : 4);
    if (places instanceof Fault) return places;
    const bytes = this.#body.bytes;
    this.#message.set(bytes);
    const numbers = new Int32Array(rows);
    const entries = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      if (!isValid(bytes, validity, row)) continue;
      const number = this.#texts.numberOf(this.#message, places[row] as number, places[row + 1] as number);
      if (number === undefined) return new Fault('encoding', `column ${shown(name)}, row ${row} is not UTF-8`);
      numbers[row] = number;
      entries[row] = row + 1;
    }
    return {
      size: rows + 1,
      rows: entries,
      number: (local) => (local === 0 ? 0 : (numbers[local - 1] as number)),
      text: (local) => textOf(bytes.subarray(places[local - 1], places[local])) as string,
    };
  }

  /** Where each text begins in the body, and the last one ends: ascending and within the buffer. */
  #places(buffer: number, count: number, width: 4 | 8): Int32Array | Fault {
    const offsets = this.#body.values(buffer + 1, count + 1, width);
    if (offsets instanceof Fault) return offsets;
    const data = this.#body.values(buffer + 2, 0, 1);
    if (data instanceof Fault) return data;
    const end = this.#body.endOf(buffer + 2);
    const places = new Int32Array(count + 1);
    let before = data;
    for (let index = 0; index <= count; index++) {
      const at = offsets + index * width;
      const high = width === 8 ? this.#body.view.getInt32(at + 4, true) : 0;
      const place = data + this.#body.view.getInt32(at, true);
      if (high !== 0 || place < before || place > end) return new Fault('syntax', 'Arrow text lies outside its buffer');
      places[index] = before = place;
    }
    return places;
  }

  /** The dictionary in the walker's present message. */
  dictionary(
    payload: Uint8Array,
    { offsetBytes, id, shape }: { readonly offsetBytes: 4 | 8; readonly id: number; readonly shape: string },
  ): Dictionary | Fault {
    const walker = this.#walker;
    const size = walker.rows(0);
    if (walker.batch.compression() !== null) return new Fault('schema', 'a dictionary is compressed; send it plain');
    if (!(size >= 0 && size <= DICTIONARY_MAX)) {
      return new Fault('too_large', `a dictionary has ${size} entries; at most ${DICTIONARY_MAX} are allowed`);
    }
    this.#body.load(payload);
    const text = this.#plainTextOf(size, offsetBytes);
    if (text instanceof Fault) return text;
    const numbers = Int32Array.from({ length: size }, (_, entry) => text.number(text.rows[entry] as number));
    const texts = Array.from({ length: size }, (_, entry) => (text.rows[entry] === 0 ? '' : text.text(entry + 1)));
    const bytes = payload.slice(walker.bodyFrom, walker.bodyTo);
    return { id, size, numbers, text: (entry) => texts[entry] as string, bytes, shape };
  }

  #plainTextOf(size: number, offsetBytes: 4 | 8): LoadedText | Fault {
    const validity = this.#body.validity(0, 0, size);
    if (validity instanceof Fault) return validity;
    const column = { name: 'dictionary', role: 'label', buffers: 3, offsetBytes } as const;
    // An empty dictionary may come without offsets.
    if (size === 0) return { size: 1, rows: new Int32Array(0), number: () => 0, text: () => '' };
    return this.#plainText(column, { buffer: 0, rows: size, validity });
  }
}

function firstBuffers(columns: readonly Column[]): number[] {
  let next = 0;
  return columns.map(({ buffers }) => {
    const first = next;
    next += buffers;
    return first;
  });
}
