/**
 * For tests: the recorded USD-M feed of BTCUSDT of 2024-08-08 (344 s) as prints and quotes, on the exchange's clock (`T`, the
 * time of the transaction). The data stand beside the repository and are not part of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Quote } from '../../model/event.ts';
import type { MarketTrade } from '../../model/market-event.ts';
import { nanos, type Nanos } from '../../model/time.ts';

const FILE = join(__dirname, '../../../../../../shared/data/binance/usdm/btcusdt_20240808.gz');

const present = existsSync(FILE);
/** In CI the data must be there; elsewhere the tests say that they skip. */
export const describeWithRecording = present || process.env['CI'] === 'true' ? describe : describe.skip;
if (!present) console.warn(`skipped: golden figures of a recorded market need ${FILE}`);

interface Message {
  readonly stream?: string;
  readonly data: Readonly<Record<'p' | 'q' | 'b' | 'B' | 'a' | 'A', string>> & {
    readonly T: number;
    readonly t: number;
    readonly u: number;
    readonly m: boolean;
  };
}

export interface Recording {
  readonly trades: readonly MarketTrade[];
  readonly quotes: readonly Quote[];
}

let kept: Recording | undefined;

/** Read once for each test file. */
export function binanceRecording(): Recording {
  if (kept !== undefined) return kept;
  const [trades, quotes]: [MarketTrade[], Quote[]] = [[], []];
  const feed = { venue: 'BINANCE_USDM', symbol: 'BTCUSDT' };
  for (const line of gunzipSync(readFileSync(FILE)).toString('utf8').split('\n')) {
    if (!line.includes('@bookTicker"') && !line.includes('@trade"')) continue;
    const { stream, data } = JSON.parse(line.slice(line.indexOf(' ') + 1)) as Message;
    const timeNanos = stamp(data.T);
    const common = { ...feed, timeNanos, exchangeNanos: timeNanos };
    if (stream?.endsWith('@trade') === true) {
      const aggressor = data.m ? 'sell' : 'buy';
      const [price, quantity] = [Number(data.p), Number(data.q)];
      trades.push({ table: 'market_trades', id: String(data.t), ...common, price, quantity, aggressor });
    } else {
      const [bid, bidSize, ask, askSize] = [data.b, data.B, data.a, data.A].map(Number) as [
        number,
        number,
        number,
        number,
      ];
      quotes.push({ table: 'quotes', ...common, bid, bidSize, ask, askSize, sequence: BigInt(data.u) });
    }
  }
  return (kept = { trades, quotes });
}

function stamp(ms: number): Nanos {
  return nanos(BigInt(ms) * 1_000_000n);
}
