/** Profit and loss of the transactions that ledger.py books with beancount and decimals, and its small examples. */
import {
  numberFromAmount,
  pnlSeries,
  PositionLedger,
  RateBook,
  type Contract,
  type FillColumns,
  type PnlMethod,
} from '@tapewatch/core';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OracleFigures, OraclePart } from './part.ts';

type Trade = readonly [quantity: number, price: number];

export const ledgerPart: OraclePart = {
  name: 'ledger',
  tolerances: {
    'pyfolio.': { relative: 0, absolute: 1e-9 },
    'inverse.': { relative: 1e-12, absolute: 1e-12 },
  },
  figures: ({ sharedFolder }) => ({ ...examples(), ...foreign(), ...pyfolio(sharedFolder) }),
};

function booked(trades: readonly Trade[], method: PnlMethod, contract?: Contract): PositionLedger {
  const ledger = new PositionLedger(method, contract);
  for (const [quantity, price] of trades) ledger.trade(quantity, price);
  return ledger;
}

function examples(): OracleFigures {
  const lots = [
    [1, 100],
    [2, 130],
    [-2, 150],
  ] as const;
  const perpetual = [
    [10, 50_000],
    [10, 40_000],
    [-5, 60_000],
    [-25, 45_000],
    [15, 42_500],
  ] as const;
  const inverse = booked(perpetual, 'average', { multiplier: 100, inverse: true });
  return {
    'beancount.example': numberFromAmount(booked(lots, 'fifo').realised),
    'inverse.realised': numberFromAmount(inverse.realised),
    'inverse.unrealised': numberFromAmount(inverse.unrealised(41_000) as bigint),
  };
}

function foreign(): OracleFigures {
  const point = (timeMs: number, rate: number) => ({ timeMs, base: 'EUR', quote: 'USD', rate });
  const rates = new RateBook([point(0, 1.1), point(15, 1.2), point(25, 1.3)]);
  const key = { strategy: '', venue: '', symbol: '', account: '', currency: 'EUR', feeCurrency: 'EUR' };
  const columns: FillColumns = {
    groups: [key],
    group: new Uint32Array(3),
    timesMs: Float64Array.of(5, 12, 18),
    quantities: Float64Array.of(100, -50, -25),
    prices: Float64Array.of(10, 12, 14),
    fees: new Float64Array(3),
  };
  const base = { currency: 'USD', rates };
  const ask = { method: 'average', by: [], figure: 'total', timesMs: [30], base, markAt: () => () => 11 } as const;
  const [row] = pnlSeries(columns, ask).rows;
  return {
    'foreign.realised': row?.realised ?? null,
    'foreign.unrealised': row?.unrealised ?? null,
    'foreign.effect': row?.effect ?? null,
  };
}

function pyfolio(sharedFolder: string): OracleFigures {
  const file = join(sharedFolder, 'pyfolio', 'test_txn.csv.gz');
  if (!existsSync(file)) return {};
  const bySymbol = new Map<string, Trade[]>();
  for (const line of gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1)) {
    const [, quantity, price, , symbol = ''] = line.split(',');
    const trades = bySymbol.get(symbol) ?? [];
    bySymbol.set(symbol, trades);
    trades.push([Number(quantity), Number(price)]);
  }
  const figures: Record<string, number> = {};
  for (const method of ['fifo', 'average'] as const) {
    let [realised, cash] = [0n, 0n];
    for (const [symbol, trades] of bySymbol) {
      const ledger = booked(trades, method);
      realised += ledger.realised;
      cash += ledger.cashFlow;
      figures[`pyfolio.${method}.${symbol}`] = numberFromAmount(ledger.realised);
      figures[`pyfolio.position.${symbol}`] = ledger.quantity;
    }
    figures[`pyfolio.${method}`] = numberFromAmount(realised);
    figures['pyfolio.cash'] = numberFromAmount(cash);
  }
  return figures;
}
