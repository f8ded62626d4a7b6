import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseBinanceLine } from './binance-line.ts';
import { MarketFolder } from './market-folder.ts';

const quote = (receipt: number, symbol: string, bid: string, event?: number): string =>
  `${receipt} ${JSON.stringify({
    stream: `${symbol.toLowerCase()}@bookTicker`,
    data: { s: symbol, b: bid, B: '2.50', a: '101.50', A: '1.0', ...(event === undefined ? {} : { E: event }) },
  })}`;
const trade = (receipt: number, quantity: string, sellerMade: boolean): string =>
  `${receipt} ${JSON.stringify({ stream: 'btcusdt@trade', data: { s: 'BTCUSDT', p: '1', q: quantity, m: !sellerMade } })}`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-market-'));
  await mkdir(join(folder, 'spot'));
  await mkdir(join(folder, 'usdm'));
  const spot = [quote(5_000_000_000, 'ETHUSDT', '100.25'), 'nonsense', quote(7_000_000_000, 'ETHUSDT', '100.50')];
  const usdm = [
    quote(6_000_000_000, 'BTCUSDT', '99.5', 5_990),
    trade(6_000_000_001, '3', true),
    trade(6_000_000_002, '1', false),
    quote(8_000_000_000, 'BTCUSDT', '99.6', 8_200),
  ];
  await writeFile(join(folder, 'spot', 'eth.gz'), gzipSync(spot.join('\n')));
  // A cut archive: what can be read of it counts.
  await writeFile(join(folder, 'usdm', 'btc.gz'), gzipSync(`${usdm.join('\n')}\n`).subarray(0, -4));
});

afterAll(() => rm(folder, { recursive: true }));

describe('MarketFolder', () => {
  it('merges the files by receipt and keeps receipt minus exchange stamp', async () => {
    const reader = new MarketFolder(folder, { loop: false });
    await reader.open();
    const { market } = reader;
    await reader.fill(1.5e9);
    expect(market.pending).toBe(2);
    await reader.fill(1e12);
    const rows = [];
    while (market.nextAt() < Infinity) rows.push(market.take());
    expect(rows.map(({ atNanos, venue, symbol, feedDelayNanos }) => [atNanos, venue, symbol, feedDelayNanos])).toEqual([
      [0, 'BINANCE_SPOT', 'ETHUSDT', null],
      [1e9, 'BINANCE_USDM', 'BTCUSDT', 10_000_000],
      [2e9, 'BINANCE_SPOT', 'ETHUSDT', null],
      [3e9, 'BINANCE_USDM', 'BTCUSDT', -200_000_000],
    ]);
    expect(market.top('BINANCE_USDM', 'BTCUSDT')?.bid).toBe(99.6);
    expect(market.signal('BTCUSDT')).toBeCloseTo(0.5, 6);
    expect(market.traded()).toEqual([{ venue: 'BINANCE_USDM', symbol: 'BTCUSDT', quantity: 4 }]);
    expect(market.listings).toEqual([
      { venue: 'BINANCE_SPOT', symbol: 'ETHUSDT', tick: 0.01, lot: 0.1 },
      { venue: 'BINANCE_USDM', symbol: 'BTCUSDT', tick: 0.1, lot: 0.1 },
    ]);
    // The line without sense and the archive without its end.
    expect(reader.badLines).toBe(2);
    expect(reader.ended).toBe(true);
  });

  it('begins again at the end when told to', async () => {
    const reader = new MarketFolder(folder, { loop: true });
    await reader.open();
    await reader.fill(9e9);
    reader.close();
    const offsets = [];
    while (reader.market.nextAt() < Infinity) offsets.push(reader.market.take().atNanos);
    expect(offsets).toEqual([0, 1e9, 2e9, 3e9, 4e9, 5e9, 6e9, 7e9, 8e9, 9e9]);
  });

  it('names a folder that is missing or holds no feed', async () => {
    const missing = join(folder, 'missing');
    await expect(new MarketFolder(missing, { loop: false }).open()).rejects.toThrow(missing);
    const empty = await mkdtemp(join(folder, 'empty-'));
    await expect(new MarketFolder(empty, { loop: false }).open()).rejects.toThrow('holds no .gz file');
  });
});

describe('parseBinanceLine', () => {
  it('reads a spot book ticker, which has no stamp of the exchange', () => {
    const line =
      '1723161254087891268 {"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}';
    expect(parseBinanceLine(line)).toEqual({
      kind: 'quote',
      receiptNanos: 1723161254087891268n,
      symbol: 'BTCUSDT',
      top: { bid: 61837.63, bidSize: 3.78826, ask: 61837.64, askSize: 1.54698 },
      exchangeNanos: null,
      priceDecimals: 2,
      sizeDecimals: 5,
    });
  });

  it.each(['', 'x', '12', '12 {', '12 {}', '12 {"stream":"a@trade","data":{}}', '-1 {"stream":"a@x","data":{}}'])(
    'refuses %j',
    (line) => expect(parseBinanceLine(line)).toBeNull(),
  );
});
