/**
 * Figures that follow from what the store holds already, by PromQL: those of exchanges (REQUIREMENTS.md MET-61, MET-62)
 * and of agents (MET-63), from their signals or from what services say of themselves. A venue is an exchange there. What has no data yields nothing.
 */
import type { QueryResult } from '@tapewatch/core';
import type { PromqlEngine } from '../ports.ts';
import type { Collector, Figure, Group } from './collector.ts';

interface Derivation extends Pick<Figure, 'name' | 'unit' | 'help'> {
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const latency = (quantile: number): Derivation => ({
  name: 'exchange_latency_quantile_seconds',
  unit: 'seconds',
  help: 'Order sent to acknowledged, last five minutes.',
  expr: `histogram_quantile(${quantile}, sum by (venue) (rate(order_ack_seconds[5m])))`,
  labels: { quantile: String(quantile) },
});
const newOrders = 'sum by (venue) (increase(order_events_total{event="new"}[5m]))';

export const EXCHANGE_FIGURES: readonly Derivation[] = [
  latency(0.5),
  latency(0.95),
  latency(0.99),
  {
    name: 'exchange_fill_rate_percent',
    unit: 'percent',
    help: 'Orders filled completely, of those sent in the last five minutes.',
    expr: `100 * sum by (venue) (increase(order_events_total{event="fill"}[5m])) / (${newOrders} > 0)`,
  },
  {
    name: 'exchange_error_rate_percent',
    unit: 'percent',
    help: 'Orders rejected, of those sent in the last five minutes.',
    expr: `100 * (sum by (venue) (increase(order_events_total{event="reject"}[5m])) or 0 * ${newOrders}) / (${newOrders} > 0)`,
  },
  {
    name: 'exchange_connection_status',
    unit: '1',
    help: '1 while the connection stands, else 0: as its status says, else while the feed of an exchange that has spoken within five minutes speaks.',
    expr: `min by (venue) (exchange_connected) or sum by (venue) (increase(quotes_total[30s])) > bool 0 or 0 * sum by (venue) (increase(quotes_total[5m]) > 0)`,
  },
];

export const AGENT_FIGURES: readonly Derivation[] = [
  {
    name: 'agent_prediction_accuracy',
    unit: 'ratio',
    help: 'Share of predictions that came true.',
    expr: 'avg by (agent) (agent_accuracy_ratio) or avg by (strategy) (prediction_accuracy)',
  },
  {
    name: 'agent_confidence_level',
    unit: 'ratio',
    help: 'Mean confidence of predictions.',
    expr: 'avg by (agent) (agent_confidence_ratio) or avg by (strategy) (average_confidence_score)',
  },
  {
    name: 'agent_consensus_rate',
    unit: 'ratio',
    help: 'Share of the asked agents that agreed, on average.',
    expr: 'avg by (agent) (agent_consensus_ratio)',
  },
];

export function derivedCollector(group: Group, engine: PromqlEngine, derivations: readonly Derivation[]): Collector {
  return {
    group,
    async collect(nowNanos) {
      const timeMs = Number(nowNanos / 1_000_000n);
      const answers = await Promise.all(
        derivations.map(async (derivation) => {
          const result = await engine.query(derivation.expr, { startMs: timeMs, endMs: timeMs, stepMs: 0 });
          return figuresOf(derivation, result);
        }),
      );
      return answers.flat();
    },
  };
}

function figuresOf({ name, unit, help, labels: own = {} }: Derivation, result: QueryResult): Figure[] {
  if (result.type !== 'vector') return [];
  return result.samples.map(({ labels, value }) => {
    const { venue, ...rest } = labels.toRecord();
    const exchange = venue === undefined ? {} : { exchange: venue };
    return { name, kind: 'gauge', unit, help, labels: { ...rest, ...exchange, ...own }, value };
  });
}
