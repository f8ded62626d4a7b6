/** Order latency: how slow, where, and in which hop. */
import type { Section, Target } from '../model.ts';
import { steps } from '../field.ts';
import { barGauge, timeSeries } from '../panel.ts';
import { percentiles } from '../percentile-panel.ts';
import { FILTER, instant, promql, quantile } from '../target.ts';
import { ACK_LIMITS } from './limit.ts';

/** Five seconds hold some dozens of orders a venue: less would draw the largest one and call it p99. */
const STEADY = { minStep: '5s' } as const;

/** The Grafana alert rule links to this panel. */
export const ACK_BY_VENUE_PANEL = 11;

export const latency: Section = {
  id: 100,
  title: 'Order latency',
  panels: [
    percentiles({
      id: 10,
      title: 'Order to acknowledgement: percentiles',
      description:
        'Bands from p50 to p99.9 over a heat map of all measurements. Hover for the number of samples and the error bound; percentiles that rest on too few samples are marked.',
      w: 14,
      h: 10,
      unit: 's',
      thresholds: ACK_LIMITS,
      targets: [cellsBy()],
    }),
    timeSeries({
      id: ACK_BY_VENUE_PANEL,
      title: 'Ack p99 by venue',
      description:
        'Order sent to acknowledged, 99th percentile for each venue. One line that leaves the others is that venue; all together is us. The provisioned Grafana alert rule watches this panel.',
      w: 10,
      h: 10,
      unit: 's',
      logarithmic: true,
      thresholds: ACK_LIMITS,
      limitLines: true,
      legend: 'table',
      targets: [
        promql('A', quantile(0.99, 'order_ack_seconds', { by: 'venue' }), { ...STEADY, legendFormat: '{{venue}}' }),
      ],
    }),
    timeSeries({
      id: 12,
      title: 'Ack p99 by strategy',
      description: 'Order sent to acknowledged, 99th percentile for each strategy.',
      w: 8,
      h: 8,
      unit: 's',
      logarithmic: true,
      targets: [
        promql('A', quantile(0.99, 'order_ack_seconds', { by: 'strategy' }), {
          ...STEADY,
          legendFormat: '{{strategy}}',
        }),
      ],
    }),
    timeSeries({
      id: 13,
      title: 'p99 by hop',
      description:
        'The 99th percentile of each hop of an order: from the decision through risk check and gateway to the venue. Percentiles of hops do not add up to the percentile of the whole.',
      w: 8,
      h: 8,
      unit: 's',
      logarithmic: true,
      targets: [
        promql('A', quantile(0.99, 'order_hop_seconds', { by: 'hop' }), { ...STEADY, legendFormat: '{{hop}}' }),
      ],
    }),
    barGauge({
      id: 14,
      title: 'Where the time goes: mean of each hop',
      description:
        'Means do add up: the bars together are the mean time of an order over the range, so the longest is where to look first.',
      w: 8,
      h: 8,
      unit: 's',
      thresholds: steps('blue'),
      targets: [
        instant('A', `histogram_avg(sum by (hop) (rate(order_hop_seconds{${FILTER}}[$__range])))`, {
          legendFormat: '{{hop}}',
        }),
      ],
    }),
    percentiles({
      id: 15,
      title: 'Percentiles of each venue',
      description: 'Median, p90 and p99 over the heat map of each venue, on one scale, so that shapes can be compared.',
      w: 12,
      h: 15,
      unit: 's',
      seriesMode: 'facet',
      percentiles: '50, 90, 99',
      targets: [cellsBy('venue')],
    }),
    percentiles({
      id: 16,
      title: 'Percentiles of each strategy',
      description:
        'Median, p90 and p99 over the heat map of each strategy, on one scale, so that shapes can be compared.',
      w: 12,
      h: 15,
      unit: 's',
      seriesMode: 'facet',
      percentiles: '50, 90, 99',
      targets: [cellsBy('strategy')],
    }),
  ],
};

/** Counts per step, so that every order is in exactly one column. */
function cellsBy(label?: 'venue' | 'strategy'): Target {
  const by = label === undefined ? '' : ` by (${label}) `;
  return promql('A', `sum${by}(increase(order_ack_seconds{${FILTER}}[$__interval]))`, {
    format: 'heatmap',
    minStep: '5s',
    ...(label === undefined ? {} : { legendFormat: `{{${label}}}` }),
  });
}
