/**
 * Collects the events of one table as columns. The columns' room grows by doubling and is kept, except what only a slow commit
 * needed; what is handed over is a copy of exact size.
 */
import type { TradingEvent } from '@tapewatch/core';
import type { BatchedTable, EventBatch, EventColumn } from '../ports.ts';
import { hasRoomToSpare, INITIAL_ROWS } from './column-room.ts';

interface Growing {
  /** `row` is the next one. */
  put(row: number, value: unknown): void;
  /** The first rows; begins anew. */
  take(rows: number): EventColumn;
}

type Kind = EventColumn['kind'];
type FieldsOf<T extends BatchedTable> = Exclude<keyof Extract<TradingEvent, { table: T }>, 'table'>;

/** By table: every field of the row, and the kind of its column. */
const FIELDS: { readonly [T in BatchedTable]: Readonly<Record<FieldsOf<T>, Kind>> } = {
  orders: {
    ...{ id: 'ids', timeNanos: 'stamps', orderId: 'ids', event: 'texts', sentNanos: 'stamps', venue: 'texts' },
    ...{ symbol: 'texts', strategy: 'texts', account: 'texts', side: 'texts', orderType: 'texts' },
    ...{ quantity: 'numbers', price: 'numbers', filledQuantity: 'numbers', arrivalMid: 'numbers' },
    ...{ decisionNanos: 'stamps', decisionMid: 'numbers', reason: 'texts', correlationId: 'ids' },
  },
  fills: {
    ...{ id: 'ids', timeNanos: 'stamps', orderId: 'ids', venue: 'texts', symbol: 'texts', strategy: 'texts' },
    ...{ account: 'texts', side: 'texts', quantity: 'numbers', price: 'numbers', currency: 'texts', fee: 'numbers' },
    ...{ feeCurrency: 'texts', liquidity: 'texts', execution: 'texts', refersTo: 'ids' },
  },
  quotes: {
    ...{ timeNanos: 'stamps', exchangeNanos: 'stamps', venue: 'texts', symbol: 'texts' },
    ...{ bid: 'numbers', bidSize: 'numbers', ask: 'numbers', askSize: 'numbers', sequence: 'counts' },
  },
};

export class EventColumns {
  readonly #table: BatchedTable;
  readonly #fields: readonly string[];
  #columns: readonly Growing[];
  #rows = 0;
  /** The most rows of any batch, for which the columns have room. */
  #mostRows = 0;

  constructor(table: BatchedTable) {
    this.#table = table;
    this.#fields = Object.keys(FIELDS[table]);
    this.#columns = emptyColumns(table);
  }

  get rows(): number {
    return this.#rows;
  }

  add(event: TradingEvent): void {
    const row = this.#rows++;
    const values = event as unknown as Readonly<Record<string, unknown>>;
    for (let i = 0; i < this.#fields.length; i++) {
      (this.#columns[i] as Growing).put(row, values[this.#fields[i] as string]);
    }
  }

  take(): EventBatch {
    const rowCount = this.#rows;
    this.#rows = 0;
    const columns = Object.fromEntries(
      this.#columns.map((column, i) => [this.#fields[i] as string, column.take(rowCount)]),
    );
    this.#mostRows = Math.max(this.#mostRows, rowCount);
    if (hasRoomToSpare(this.#mostRows, rowCount)) {
      this.#columns = emptyColumns(this.#table);
      this.#mostRows = 0;
    }
    return { table: this.#table, rowCount, columns };
  }
}

function emptyColumns(table: BatchedTable): Growing[] {
  const kinds: Readonly<Record<string, Kind>> = FIELDS[table];
  return Object.values(kinds).map((kind) => COLUMNS[kind]());
}

class Numbers implements Growing {
  #items = new Float64Array(INITIAL_ROWS);

  put(row: number, value: unknown): void {
    if (row === this.#items.length) this.#items = grown(this.#items, new Float64Array(row * 2));
    this.#items[row] = value === null ? NaN : (value as number);
  }

  take(rows: number): EventColumn {
    return { kind: 'numbers', items: this.#items.slice(0, rows) };
  }
}

/** Integers of 64 bits, as what they are read depends on the kind alone. */
class Integers implements Growing {
  readonly #kind: 'stamps' | 'counts';
  #items = new BigInt64Array(INITIAL_ROWS);
  #isNull = new Uint8Array(INITIAL_ROWS);

  constructor(kind: 'stamps' | 'counts') {
    this.#kind = kind;
  }

  put(row: number, value: unknown): void {
    if (row === this.#items.length) {
      this.#items = grown(this.#items, new BigInt64Array(row * 2));
      this.#isNull = grown(this.#isNull, new Uint8Array(row * 2));
    }
    this.#isNull[row] = value === null ? 1 : 0;
    this.#items[row] = value === null ? 0n : (value as bigint);
  }

  take(rows: number): EventColumn {
    const items = this.#items.slice(0, rows);
    const isNull = this.#isNull.slice(0, rows);
    return this.#kind === 'stamps'
      ? { kind: 'stamps', items, isNull }
      : { kind: 'counts', items: new BigUint64Array(items.buffer), isNull };
  }
}

class Texts implements Growing {
  #codes = new Uint32Array(INITIAL_ROWS);
  #byText = new Map<string, number>();
  #texts: string[] = [];
  #last = '';
  #lastCode = -1;

  put(row: number, value: unknown): void {
    if (row === this.#codes.length) this.#codes = grown(this.#codes, new Uint32Array(row * 2));
    if (this.#lastCode < 0 || value !== this.#last) this.#find(value as string);
    this.#codes[row] = this.#lastCode;
  }

  #find(text: string): void {
    let code = this.#byText.get(text);
    if (code === undefined) {
      code = this.#texts.push(text) - 1;
      this.#byText.set(text, code);
    }
    this.#last = text;
    this.#lastCode = code;
  }

  take(rows: number): EventColumn {
    const texts = this.#texts;
    this.#texts = [];
    this.#byText = new Map();
    this.#lastCode = -1;
    return { kind: 'texts', codes: this.#codes.slice(0, rows), texts };
  }
}

class Ids implements Growing {
  #texts: string[] = [];

  put(_row: number, value: unknown): void {
    this.#texts.push(value as string);
  }

  take(): EventColumn {
    const texts = this.#texts;
    this.#texts = [];
    return { kind: 'ids', texts };
  }
}

const COLUMNS: Readonly<Record<Kind, () => Growing>> = {
  numbers: () => new Numbers(),
  stamps: () => new Integers('stamps'),
  counts: () => new Integers('counts'),
  texts: () => new Texts(),
  ids: () => new Ids(),
};

function grown<T extends Float64Array | BigInt64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  (to as Float64Array).set(from as Float64Array);
  return to;
}
