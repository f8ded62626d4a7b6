/** Examples of the query help. Each one runs on the metrics that the sidecar derives (docs/wire.md); a test parses them. */
import type { TapewatchQuery } from '../query.ts';

export interface Example {
  readonly title: string;
  readonly text: string;
  readonly query: Omit<TapewatchQuery, 'refId'>;
}

const promql = (expr: string, more: Partial<TapewatchQuery> = {}): Example['query'] => ({
  queryType: 'promql',
  expr,
  ...more,
});

export const EXAMPLES: readonly Example[] = [
  {
    title: 'Latency percentile by venue',
    text: 'The 99th percentile of order acknowledgement, from the histogram of all strategies.',
    query: promql('histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[$__rate_interval])))', {
      legendFormat: 'p99 {{venue}}',
    }),
  },
  {
    title: 'Whole distribution, for the percentile panel',
    text: 'Histogram buckets at full resolution. Use increase, so that counts are samples.',
    query: promql('sum(increase(order_ack_seconds[$__rate_interval]))', { format: 'heatmap' }),
  },
  {
    title: 'Share of slow orders',
    text: 'How many acknowledgements took longer than 5 ms.',
    query: promql('1 - histogram_fraction(-Inf, 0.005, sum(rate(order_ack_seconds[$__rate_interval])))', {
      legendFormat: 'slower than 5 ms',
    }),
  },
  {
    title: 'Rejects per second by reason',
    text: 'A counter as a rate.',
    query: promql('sum by (reason) (rate(order_rejects_total[$__rate_interval]))', { legendFormat: '{{reason}}' }),
  },
  {
    title: 'Quoted spread',
    text: 'A gauge, averaged over the step.',
    query: promql('avg by (venue, symbol) (avg_over_time(quote_spread_bps[$__interval]))', {
      legendFormat: '{{venue}} {{symbol}}',
    }),
  },
  {
    title: 'Slippage by strategy and venue',
    text: 'Costs against the mid at arrival, in basis points; positive is a cost.',
    query: { queryType: 'slippage', by: ['strategy', 'venue'], format: 'table' },
  },
  {
    title: 'Profit and loss over time',
    text: 'Realised and open, marked at the last mid.',
    query: { queryType: 'pnl', by: ['strategy'], format: 'time_series' },
  },
  { title: 'Alerts that fire now', text: "The sidecar's own rules.", query: { queryType: 'alerts', state: 'firing' } },
  {
    title: 'Messages that could not be read',
    text: 'Dead letters with the reason.',
    query: { queryType: 'events', table: 'dead_letters', limit: 100 },
  },
];
