/**
 * The query document that the data source sends (Grafana panels, alert rules, Explore) and the sidecar answers.
 * Every field but `queryType` has a default, because alert rules and provisioned files never pass the front end.
 * `refId`, `intervalMs`, `maxDataPoints` and `timeRange` travel beside it in Grafana's own envelope.
 */
import type { EventTable } from '@tapewatch/core';
import { z } from 'zod';
import { sqlQuery } from './query-sql.ts';
import { executionQuery, impactQuery, marketQuery, markoutsQuery } from './query-execution.ts';
import { latencyAttributionQuery, marketOrUsQuery, traceQuery } from './query-latency.ts';
import { performanceQuery, riskQuery } from './query-risk.ts';
import { tradingCalendar, tradingDimension, tradingFilters } from './query-trading.ts';

/** Frames by format: time_series -> timeseries-multi 0.1 (instant: numeric-multi 0.1); table -> numeric-long 0.1;
 *  heatmap -> heatmap-cells 0.0, one frame per series, full resolution of the histogram. */
export const promqlQuery = z.object({
  queryType: z.literal('promql'),
  expr: z.string().default(''),
  instant: z.boolean().default(false),
  format: z.enum(['time_series', 'table', 'heatmap']).default('time_series'),
  /** `{{label}}` placeholders; empty means the series in PromQL notation. */
  legendFormat: z.string().default(''),
  /** Lower limit of the step, such as `15s`; empty leaves it to Grafana. */
  minStep: z.string().default(''),
  /** Also the orders behind latencies (`order_ack_seconds` and the like) and exemplars that publishers sent, over a chart. */
  exemplar: z.boolean().default(false),
  /** Push live points after the history (Grafana Live). */
  streaming: z.boolean().default(false),
});

/** Slippage of fills against the mid at order arrival; bps of the benchmark notional, costs positive. */
export const slippageQuery = z.object({
  queryType: z.literal('slippage'),
  by: z.array(tradingDimension).default(['strategy', 'venue']),
  filters: tradingFilters,
  /** A quote that is older than this at arrival is no benchmark; 0 is no limit. */
  maxQuoteAgeMs: z.number().int().min(0).max(86_400_000).default(10_000),
  format: z.enum(['table', 'time_series']).default('table'),
});

/** Profit and loss of the fills in the range; open quantity is marked at the last mid. */
export const pnlQuery = z.object({
  queryType: z.literal('pnl'),
  by: z.array(tradingDimension).default(['strategy', 'venue']),
  filters: tradingFilters,
  method: z.enum(['average', 'fifo']).default('average'),
  /** `equity`: initial equity + net profit + cash that came and went, over time. */
  format: z.enum(['table', 'time_series', 'equity']).default('table'),
  /** What a chart shows. */
  figure: z.enum(['total', 'net', 'realised', 'unrealised', 'fees', 'effect']).default('total'),
  /** Everything in this currency, at the exchange rates of each moment; empty keeps currencies apart. */
  baseCurrency: z.string().default(''),
  /** Of a table: one row for the whole range, or one for each trading day or week of it. */
  period: z.enum(['range', 'day', 'week']).default('range'),
  calendar: tradingCalendar.prefault({}),
  /** Where the equity of each currency starts. */
  initialEquity: z.number().default(10_000),
});

/** The sidecar's own alerts, as a table. */
export const alertsQuery = z.object({
  queryType: z.literal('alerts'),
  state: z.enum(['active', 'firing', 'pending', 'history']).default('active'),
});

export const EVENT_TABLES = [
  'orders',
  'fills',
  'quotes',
  'market_trades',
  'book_levels',
  'positions',
  'signals',
  'cash_flows',
  'fx_rates',
  'exchange_status',
  'spans',
  'health_results',
  'events',
  'dead_letters',
] as const satisfies readonly EventTable[];

/** Rows of an event table, newest first. */
export const eventsQuery = z.object({
  queryType: z.literal('events'),
  table: z.enum(EVENT_TABLES).default('orders'),
  limit: z.number().int().min(1).max(10_000).default(500),
  /** Only the rows of this order, of the tables `orders` and `fills`; empty means all. */
  orderId: z.string().default(''),
});

export const tapewatchQuery = z.discriminatedUnion('queryType', [
  promqlQuery,
  slippageQuery,
  pnlQuery,
  performanceQuery,
  riskQuery,
  executionQuery,
  markoutsQuery,
  impactQuery,
  marketQuery,
  latencyAttributionQuery,
  traceQuery,
  marketOrUsQuery,
  alertsQuery,
  eventsQuery,
  sqlQuery,
]);

export type TapewatchQueryDocument = z.infer<typeof tapewatchQuery>;
export type TapewatchQueryInput = z.input<typeof tapewatchQuery>;
export type PromqlQuery = z.infer<typeof promqlQuery>;
export type SlippageQuery = z.infer<typeof slippageQuery>;
export type PnlQuery = z.infer<typeof pnlQuery>;
export type QueryType = TapewatchQueryDocument['queryType'];

const QUERY_TYPES = tapewatchQuery.options.map((option): QueryType => option.shape.queryType.value);

/** From a label of exemplars to its trace; the keys are those of Grafana's Prometheus data source. */
const traceDestination = z.object({
  /** The exemplar's label, such as `trace_id`. */
  name: z.string().min(1).max(256),
  /** Opens the trace in this data source (Tempo, Jaeger, Zipkin). */
  datasourceUid: z.string().max(256).optional(),
  /** Opens this address; `${__value.raw}` is the label's value. */
  url: z.string().max(4096).optional(),
  urlDisplayLabel: z.string().max(256).optional(),
});
export type TraceDestination = z.infer<typeof traceDestination>;

/** Data source settings (jsonData); the secret token stands in secureJsonData.token. */
export const datasourceSettings = z.object({
  /** Lower limit of the step of range queries. */
  minInterval: z.string().default('1s'),
  /** What a new query begins as. */
  defaultEditor: z.enum(QUERY_TYPES).default('promql'),
  exemplarTraceIdDestinations: z.array(traceDestination).max(20).default([]),
});
export type DatasourceSettings = z.infer<typeof datasourceSettings>;
