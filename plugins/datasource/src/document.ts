/**
 * Which fields belong to the document of each query type, and the values of those that are a choice. What a board needs to
 * send its queries; the words for people stand in the forms, which load with the editor. A test holds both, and the
 * contract, to one another. Pure.
 */
import type { QueryType, TapewatchQueryInput } from '@tapewatch/contract';

/** A choice of texts, a list of some of them, or a number between two; null where anything may stand. */
export type Values = readonly string[] | { readonly each: readonly string[] } | readonly [number, number] | null;
type Fields = Readonly<Record<string, Values>>;
type FieldsOf<T extends QueryType> = Readonly<
  Record<Exclude<keyof Extract<TapewatchQueryInput, { queryType: T }>, 'queryType'>, Values>
>;

const TABLE = ['table', 'time_series'];
const METHODS = ['average', 'fifo'];
const BARS = ['1m', '5m', '15m', '1h', '1d'];
export const DIMENSIONS = ['strategy', 'venue', 'symbol', 'side', 'account'] as const;
/** A position is built of both sides. */
export const POSITION_DIMENSIONS = DIMENSIONS.filter((name) => name !== 'side');
export const EXECUTION_DIMENSIONS = [...DIMENSIONS, 'order_type', 'hour', 'weekday'];
const FILLS = { by: { each: EXECUTION_DIMENSIONS }, filters: null, maxQuoteAgeMs: null };
const BOOK = { by: { each: POSITION_DIMENSIONS }, filters: null, method: METHODS, baseCurrency: null, calendar: null };
/** Capital of a ratio; an equity curve may begin in debt. */
const CAPITAL = { initialEquity: [0.01, 1e15] } as const;

export const FIELDS: { readonly [T in QueryType]: FieldsOf<T> & Fields } = {
  promql: {
    ...{ expr: null, instant: null, format: ['time_series', 'table', 'heatmap'], legendFormat: null, minStep: null },
    ...{ exemplar: null, streaming: null },
  },
  pnl: {
    ...{ ...BOOK, format: [...TABLE, 'equity'], period: ['range', 'day', 'week'], initialEquity: [-1e15, 1e15] },
    figure: ['total', 'net', 'realised', 'unrealised', 'fees', 'effect'],
  },
  performance: {
    ...{
      ...BOOK,
      ...CAPITAL,
      bar: BARS,
      year: ['equities', 'crypto', 'fx'],
      riskFree: null,
      window: null,
      maxPositions: null,
    },
    convention: ['tapewatch', 'quantstats', 'empyrical'],
    trades: ['round-trip', 'closing-fill'],
    format: [...TABLE, 'tracker'],
    figure: [
      ...['equity', 'drawdown', 'drawdown_money', 'return', 'sharpe', 'sortino', 'calmar'],
      ...['win_rate', 'profit_factor', 'expectancy', 'consecutive_losses'],
    ],
  },
  risk: {
    ...{ ...BOOK, ...CAPITAL, bar: BARS, top: null, limits: null, format: ['table', 'limits', 'portfolio'] },
    var: ['historical', 'parametric', 'cornish-fisher', 'ewma'],
  },
  slippage: { ...FILLS, by: { each: DIMENSIONS }, format: TABLE },
  execution: {
    ...{ ...FILLS, realisedAfterMs: null, fillWithinMs: null, shortfall: ['perold', 'kissell'] },
    benchmark: ['arrival', 'decision', 'mid', 'vwap', 'twap'],
    format: [...TABLE, 'opportunities'],
    figure: [
      ...['slippage', 'shortfall', 'effective_spread', 'realised_spread', 'fill_ratio', 'fill_rate'],
      ...['reject_rate', 'cancel_rate', 'ack_p50', 'ack_p99', 'first_fill_p50', 'first_fill_p99'],
    ],
  },
  markouts: { ...FILLS, horizonsMs: null },
  impact: { ...FILLS, bins: null, intervalMs: null, format: ['bins', 'fits', 'response'] },
  market: {
    ...{ filters: null, maxQuoteAgeMs: null, sampleMs: null, clockOffsetMs: null, format: [...TABLE, 'profile'] },
    figure: [
      ...['spread', 'mid', 'imbalance', 'microprice', 'depth', 'volatility', 'volume', 'quotes', 'stale', 'latency'],
    ],
  },
  latency_attribution: {
    ...{ filters: null, operation: null, quantile: [0.5, 0.999] as const, halfWidth: null, maxQuoteAgeMs: null },
    source: ['auto', 'spans', 'orders'],
    until: ['ack', 'fill'],
    reference: ['before', 'none'],
    figure: ['effect', 'share', 'orders', 'cost_bps', 'cost'],
  },
  trace: { orderId: null, correlationId: null, traceId: null },
  market_or_us: { filters: null, quantile: [0.01, 0.99], windowMs: null, threshold: null },
  alerts: { state: ['active', 'firing', 'pending', 'history'] },
  events: {
    table: [
      ...['orders', 'fills', 'quotes', 'market_trades', 'book_levels', 'positions', 'signals', 'cash_flows'],
      ...['fx_rates', 'exchange_status', 'spans', 'health_results', 'events', 'dead_letters'],
    ],
    ...{ limit: null, orderId: null },
  },
  sql: { rawSql: null, format: TABLE, lookback: null },
};

export const LABELS: Readonly<Record<QueryType, string>> = {
  promql: 'PromQL',
  pnl: 'P&L',
  performance: 'Performance',
  risk: 'Risk',
  slippage: 'Slippage',
  execution: 'Execution quality',
  markouts: 'Markouts',
  impact: 'Market impact',
  market: 'Market quality',
  latency_attribution: 'Latency attribution',
  trace: 'Trace',
  market_or_us: 'Market or us?',
  alerts: 'Alerts',
  events: 'Events',
  sql: 'SQL',
};

/** Fields in which a text is typed; dashboard variables are replaced in them. */
export const TEXT_FIELDS = ['baseCurrency', 'operation', 'orderId', 'correlationId', 'traceId', 'lookback'] as const;

/**
 * What a query of the type keeps of a field that another type has as well. Every field stays stored when the type changes,
 * so a value may be one that only the other type knows: it is neither sent nor shown. In lists and numbers, what no type
 * knows is sent, because the answer to it says what is wrong.
 */
export function carried(type: QueryType, key: string, value: unknown): unknown {
  const values = (FIELDS[type] as Fields)[key] ?? null;
  if (values === null || value === undefined) return value;
  if ('each' in values) return Array.isArray(value) ? value.filter((one) => !isOfAnother(values, key, one)) : value;
  if (typeof values[0] === 'number') return isOfAnother(values, key, value) ? undefined : value;
  return offers(values, value) ? value : undefined;
}

function isOfAnother(values: Values, key: string, value: unknown): boolean {
  return (
    !offers(values, value) && Object.values(FIELDS).some((fields) => offers((fields as Fields)[key] ?? null, value))
  );
}

function offers(values: Values, value: unknown): boolean {
  if (values === null) return false;
  const list: readonly unknown[] = 'each' in values ? values.each : values;
  if (typeof list[0] !== 'number') return list.includes(value);
  return typeof value === 'number' && value >= list[0] && value <= (list[1] as number);
}
