/**
 * Reads a folder of recorded feeds (`spot/*.gz`, `usdm/*.gz`, any number) as one market: the files are unpacked as a
 * stream and merged by their stamp of receipt, so memory does not grow with their length. The sub folder names the
 * venue: `usdm` is BINANCE_USDM.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { TapewatchError } from '../errors.ts';
import { parseBinanceLine, type BinanceLine } from './binance-line.ts';
import { listingKey } from './model/market.ts';
import { RecordedMarket, type RecordedRow } from './model/recorded-market.ts';

interface MarketFile {
  readonly venue: string;
  readonly path: string;
}

interface OpenFile {
  readonly venue: string;
  readonly path: string;
  readonly lines: AsyncIterator<string>;
  readonly close: () => void;
  head: BinanceLine | null;
}

/** Pause between two turns of a loop, so that offsets go on rising. */
const LOOP_PAUSE_NANOS = 1e9;
/** Lines of a file that decide its grid of prices and sizes. */
const GRID_LINES = 2_000;

export class MarketFolder {
  readonly market = new RecordedMarket();
  /** Lines that could not be read, and files that broke off. */
  badLines = 0;
  readonly #folder: string;
  readonly #loop: boolean;
  #files: readonly MarketFile[] = [];
  #open: OpenFile[] = [];
  #firstNanos = 0n;
  #baseNanos = 0;
  #lastNanos = 0;

  constructor(folder: string, options: { readonly loop: boolean }) {
    this.#folder = folder;
    this.#loop = options.loop;
  }

  /** Venues in the folder, known after `open`. */
  get venues(): readonly string[] {
    return [...new Set(this.#files.map(({ venue }) => venue))];
  }

  /** True when no file has a further row (never with `loop`). */
  get ended(): boolean {
    return this.#open.length === 0 && this.market.pending === 0;
  }

  /** Throws `config.invalid` when the folder holds no feed. */
  async open(): Promise<void> {
    this.#files = await listFiles(this.#folder);
    const grids = new Map<string, { venue: string; symbol: string; price: number; size: number }>();
    for (const file of this.#files) await this.#measureGrid(file, grids);
    for (const { venue, symbol, price, size } of grids.values()) {
      this.market.list({ venue, symbol, tick: 10 ** -price, lot: 10 ** -size });
    }
    // The look ahead met them too; they count when they are read for good.
    this.badLines = 0;
    await this.#rewind();
  }

  async #measureGrid(
    file: MarketFile,
    grids: Map<string, { venue: string; symbol: string; price: number; size: number }>,
  ) {
    const open = openFile(file);
    for (let i = 0; i < GRID_LINES; i++) {
      const line = await this.#line(open);
      if (line === undefined) break;
      const row = parseBinanceLine(line);
      if (row?.kind !== 'quote') continue;
      const key = listingKey(file.venue, row.symbol);
      const { price, size } = grids.get(key) ?? { price: 0, size: 0 };
      grids.set(key, {
        ...{ venue: file.venue, symbol: row.symbol },
        ...{ price: Math.max(price, row.priceDecimals), size: Math.max(size, row.sizeDecimals) },
      });
    }
    open.close();
  }

  /** Undefined at the end. A file that breaks off (a cut archive) ends there, and its end counts as a bad line. */
  async #line({ lines }: OpenFile): Promise<string | undefined> {
    try {
      const line = await lines.next();
      return line.done === true ? undefined : line.value;
    } catch {
      this.badLines += 1;
      return undefined;
    }
  }

  async #rewind(): Promise<void> {
    this.#open = this.#files.map(openFile);
    await Promise.all(this.#open.map((file) => this.#next(file)));
    this.#open = this.#open.filter(({ head }) => head !== null);
    const stamps = this.#open.map(({ head }) => (head as BinanceLine).receiptNanos);
    if (stamps.length === 0) {
      throw new TapewatchError(
        'config.invalid',
        `no readable line in the market folder ${this.#folder} (${this.#files.length} files); expected "<receipt ns> <json>" per line`,
      );
    }
    this.#firstNanos = stamps.reduce((least, stamp) => (stamp < least ? stamp : least));
  }

  async #next(file: OpenFile): Promise<void> {
    for (;;) {
      const line = await this.#line(file);
      file.head = line === undefined ? null : parseBinanceLine(line);
      if (line === undefined || file.head !== null) return;
      this.badLines += 1;
    }
  }

  /** Makes the market hold every row up to an offset. */
  async fill(untilNanos: number): Promise<void> {
    for (;;) {
      const file = this.#earliest();
      if (file === undefined) {
        if (!this.#loop) return;
        this.#baseNanos = this.#lastNanos + LOOP_PAUSE_NANOS;
        await this.#rewind();
        continue;
      }
      const head = file.head as BinanceLine;
      const atNanos = this.#baseNanos + Number(head.receiptNanos - this.#firstNanos);
      if (atNanos > untilNanos) return;
      this.#lastNanos = Math.max(this.#lastNanos, atNanos);
      const row = rowOf(head, file.venue, atNanos);
      if (row !== null) this.market.push(row);
      await this.#next(file);
      if (file.head === null) this.#open = this.#open.filter((candidate) => candidate !== file);
    }
  }

  #earliest(): OpenFile | undefined {
    let best: OpenFile | undefined;
    for (const file of this.#open) {
      if (best === undefined || (file.head as BinanceLine).receiptNanos < (best.head as BinanceLine).receiptNanos)
        best = file;
    }
    return best;
  }

  close(): void {
    for (const file of this.#open) file.close();
    this.#open = [];
  }
}

function rowOf(line: BinanceLine, venue: string, atNanos: number): RecordedRow | null {
  if (line.kind === 'other') return null;
  const { symbol } = line;
  if (line.kind === 'trade') {
    return { kind: 'trade', atNanos, venue, symbol, quantity: line.quantity, buyerInitiated: line.buyerInitiated };
  }
  const feedDelayNanos = line.exchangeNanos === null ? null : Number(line.receiptNanos - line.exchangeNanos);
  return { kind: 'quote', atNanos, venue, symbol, top: line.top, feedDelayNanos };
}

function openFile({ venue, path }: MarketFile): OpenFile {
  const bytes = createReadStream(path);
  const plain = path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  const lines = createInterface({ input: plain, crlfDelay: Infinity });
  // Errors reach the reader through the iterator, after the lines before them.
  if (plain !== bytes) bytes.on('error', (error) => plain.destroy(error));
  plain.on('error', () => undefined);
  const close = (): void => {
    lines.close();
    bytes.destroy();
    if (plain !== bytes) plain.destroy();
  };
  return { venue, path, lines: lines[Symbol.asyncIterator](), close, head: null };
}

async function listFiles(folder: string): Promise<readonly MarketFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
    throw new TapewatchError('config.invalid', `the market folder ${folder} cannot be read; name an existing folder`, {
      cause,
    });
  });
  const files = entries
    .filter((entry) => entry.isFile() && /\.gz$/.test(entry.name))
    .map((entry) => ({
      venue: `BINANCE_${basename(entry.parentPath).toUpperCase()}`,
      path: join(entry.parentPath, entry.name),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length > 0) return files;
  throw new TapewatchError(
    'config.invalid',
    `the market folder ${folder} holds no .gz file; expected feeds in sub folders such as spot/ and usdm/`,
  );
}
