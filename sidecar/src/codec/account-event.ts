/** Positions, cash flows, decisions of agents and the state of exchange connections to their rows. */
import type { WireCash, WireExchange, WirePosition, WireSignal } from '@tapewatch/contract';
import { type CashFlow, type ExchangeStatus, nanos, type PositionSnapshot, type Signal } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { Fault } from './problem.ts';
import { parseWireTime } from './wire-time.ts';

export function positionOf(position: WirePosition, { receivedNanos }: DecodeContext): PositionSnapshot | Fault {
  const timeNanos = parseWireTime(position.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  return {
    table: 'positions',
    timeNanos,
    kind: position.kind,
    account: position.account,
    venue: position.venue,
    symbol: position.symbol,
    strategy: position.strategy,
    quantity: position.quantity,
    averagePrice: position.average_price,
    mark: position.mark,
    currency: position.currency,
    quantityLimit: position.limit,
    maxPositions: position.max_positions,
  };
}

export function cashOf(cash: WireCash, { receivedNanos }: DecodeContext): CashFlow | Fault {
  const timeNanos = parseWireTime(cash.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  const { id, kind, account, currency, amount, venue, symbol, strategy } = cash;
  return { table: 'cash_flows', id, timeNanos, kind, account, currency, amount, venue, symbol, strategy };
}

export function signalOf(signal: WireSignal, { receivedNanos }: DecodeContext): Signal | Fault {
  const timeNanos = parseWireTime(signal.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  const horizonMs = signal.horizon_ms;
  return {
    table: 'signals',
    id: signal.id,
    timeNanos,
    signalId: signal.signal_id,
    event: signal.event,
    agent: signal.agent,
    symbol: signal.symbol,
    strategy: signal.strategy,
    prediction: signal.prediction,
    confidence: signal.confidence,
    consensus: signal.consensus,
    outcome: signal.outcome,
    horizonNanos: horizonMs === null ? null : BigInt(Math.round(horizonMs * 1_000)) * 1_000n,
    reason: signal.reason,
    correlationId: String(signal.correlation_id),
  };
}

export function exchangeOf(status: WireExchange, { receivedNanos }: DecodeContext): ExchangeStatus | Fault {
  const timeNanos = status.time === undefined ? nanos(receivedNanos) : parseWireTime(status.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  const { venue, api, connection, message } = status;
  const requests = { requestsRemaining: status.requests_remaining, requestsLimit: status.requests_limit };
  const latencySeconds = status.latency_ms === null ? null : status.latency_ms / 1_000;
  return { table: 'exchange_status', timeNanos, venue, api, connection, ...requests, message, latencySeconds };
}
