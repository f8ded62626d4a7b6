/** Rows of the tables of markets, accounts, agents, exchanges and traces, with every field filled. */
import {
  nanos,
  type BookUpdate,
  type CashFlow,
  type ExchangeStatus,
  type FxRate,
  type MarketTrade,
  type PositionSnapshot,
  type Signal,
  type Span,
} from '@tapewatch/core';

export function marketTradeOf(id: string, timeNanos: bigint, rest: Partial<MarketTrade> = {}): MarketTrade {
  return {
    table: 'market_trades',
    id,
    timeNanos: nanos(timeNanos),
    exchangeNanos: nanos(timeNanos - 7n),
    venue: 'XNAS',
    symbol: 'ACME',
    price: 10.5,
    quantity: 3,
    aggressor: 'buy',
    ...rest,
  };
}

export function bookOf(timeNanos: bigint, rest: Partial<BookUpdate> = {}): BookUpdate {
  return {
    table: 'book_levels',
    timeNanos: nanos(timeNanos),
    exchangeNanos: null,
    venue: 'XNAS',
    symbol: 'ACME',
    kind: 'snapshot',
    bidPrices: [10.5, 10.25],
    bidSizes: [1, 0.5],
    askPrices: [10.75],
    askSizes: [4],
    sequence: 10n ** 19n - 1n,
    ...rest,
  };
}

export function positionOf(timeNanos: bigint, rest: Partial<PositionSnapshot> = {}): PositionSnapshot {
  return {
    table: 'positions',
    timeNanos: nanos(timeNanos),
    kind: 'position',
    account: 'main',
    venue: 'XNAS',
    symbol: 'ACME',
    strategy: 'momentum',
    quantity: -8,
    averagePrice: 10.125,
    mark: 10.5,
    currency: 'USD',
    quantityLimit: 10,
    maxPositions: 5,
    ...rest,
  };
}

export function signalOf(id: string, timeNanos: bigint, rest: Partial<Signal> = {}): Signal {
  return {
    table: 'signals',
    id,
    timeNanos: nanos(timeNanos),
    signalId: `signal-${id}`,
    event: 'prediction',
    agent: 'trend',
    symbol: 'ACME',
    strategy: 'momentum',
    prediction: 0.01,
    confidence: 0.75,
    consensus: 0.5,
    outcome: null,
    horizonNanos: 60_000_000_000n,
    reason: '',
    correlationId: 'c-1',
    ...rest,
  };
}

export function cashFlowOf(id: string, timeNanos: bigint, rest: Partial<CashFlow> = {}): CashFlow {
  return {
    table: 'cash_flows',
    id,
    timeNanos: nanos(timeNanos),
    kind: 'funding',
    account: 'main',
    currency: 'USD',
    amount: -0.1,
    venue: 'XNAS',
    symbol: 'ACME',
    strategy: 'momentum',
    ...rest,
  };
}

export function fxRateOf(timeNanos: bigint, rest: Partial<FxRate> = {}): FxRate {
  return {
    table: 'fx_rates',
    timeNanos: nanos(timeNanos),
    base: 'EUR',
    quote: 'USD',
    rate: 1.25,
    source: 'ecb',
    ...rest,
  };
}

export function exchangeStatusOf(timeNanos: bigint, rest: Partial<ExchangeStatus> = {}): ExchangeStatus {
  return {
    table: 'exchange_status',
    timeNanos: nanos(timeNanos),
    venue: 'XNAS',
    api: 'orders',
    connection: 'connected',
    requestsRemaining: 40,
    requestsLimit: 100,
    message: '',
    latencySeconds: 0.042,
    ...rest,
  };
}

export function spanOf(spanId: string, timeNanos: bigint, rest: Partial<Span> = {}): Span {
  return {
    table: 'spans',
    timeNanos: nanos(timeNanos),
    endNanos: nanos(timeNanos + 2_000_000n),
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId,
    parentSpanId: '',
    name: 'route order',
    kind: 'server',
    service: 'gateway',
    host: 'trade-1',
    status: 'ok',
    statusMessage: '',
    attributes: { 'order.id': 'o-1', '': "it's", '__proto__ ': '🦄' },
    correlationId: 'o-1',
    ...rest,
  };
}
