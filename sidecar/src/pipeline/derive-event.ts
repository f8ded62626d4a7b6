/** Metrics of events that need nothing but the event: prints, exchange status, spans. Names stand in the contract. */
import { secondsBetween, type ExchangeStatus, type MarketTrade, type Nanos, type Span } from '@tapewatch/core';

/** Writes a sample of a derived metric; `values` are those of its labels, in their order. */
export interface DerivedWriter {
  readonly count: (name: string, values: readonly string[], timeNanos: Nanos, by: number) => void;
  readonly sample: (name: string, values: readonly string[], timeNanos: Nanos, value: number) => void;
}

export function fromMarketTrade(
  { venue, symbol, timeNanos, price, quantity }: MarketTrade,
  write: DerivedWriter,
): void {
  const of = [venue, symbol];
  write.count('market_trades_total', of, timeNanos, 1);
  write.count('market_volume_total', of, timeNanos, quantity);
  write.sample('market_trade_price', of, timeNanos, price);
}

export function fromExchange(status: ExchangeStatus, write: DerivedWriter): void {
  const { venue, api, timeNanos, connection, requestsRemaining, requestsLimit, latencySeconds } = status;
  const of = [venue, api];
  write.sample('exchange_connected', of, timeNanos, connection === 'connected' ? 1 : 0);
  if (latencySeconds !== null) write.sample('exchange_api_latency_seconds', of, timeNanos, latencySeconds);
  if (requestsRemaining === null) return;
  write.sample('exchange_requests_remaining', of, timeNanos, requestsRemaining);
  if (requestsLimit === null) return;
  const used = Math.max(0, 1 - requestsRemaining / requestsLimit);
  write.sample('exchange_requests_used_ratio', of, timeNanos, used);
}

/** Rate, errors and duration (RED), stamped with the end: before it nobody knew. */
export function fromSpan({ service, name, kind, status, timeNanos, endNanos }: Span, write: DerivedWriter): void {
  const of = [service, name, `SPAN_KIND_${kind.toUpperCase()}`, `STATUS_CODE_${status.toUpperCase()}`];
  write.count('traces_spanmetrics_calls_total', of, endNanos, 1);
  write.sample('traces_spanmetrics_latency', of, endNanos, secondsBetween(timeNanos, endNanos));
}
