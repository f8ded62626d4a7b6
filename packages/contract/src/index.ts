export * from './alert-object.ts';
export * from './alertmanager.ts';
export * from './api.ts';
export { AGENT_WINDOW } from './derived-event-metrics.ts';
export * from './derived-metrics.ts';
export * from './jaeger-api.ts';
export * from './query-execution.ts';
export * from './query-latency.ts';
export * from './query-risk.ts';
export * from './query-trading.ts';
export * from './query-sql.ts';
export * from './query.ts';
export * from './relabel.ts';
export * from './rule.ts';
export * from './scrape-client.ts';
export * from './scrape.ts';
export * from './service-message.ts';
export * from './targets-api.ts';
export {
  type WireCash,
  type WireExchange,
  type WirePosition,
  type WireSignal,
  wireCash,
  wireExchange,
  wirePosition,
  wireSignal,
} from './wire-account.ts';
export { NAME_MAX_BYTES, TEXT_MAX_BYTES } from './wire-field.ts';
export * from './wire-market.ts';
export * from './wire-span.ts';
export * from './wire.ts';
export * from './yaml-document.ts';
