/** Why orders are slow: which hop, what it costs, and whether it is the market. */
import { named, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { table, timeSeries } from '../panel.ts';
import { promql, trading } from '../target.ts';

export const attribution: Section = {
  id: 100,
  title: 'Latency: which hop, and is it the market or us',
  panels: [
    table({
      id: 10,
      title: 'Which hop is slow',
      description:
        'Time of the slowest tenth of orders by hop, against the median and against as much time before the range. The verdict names a hop only where it leads clearly and clocks cannot explain it; else it says why it cannot tell.',
      w: 24,
      h: 9,
      noValue: 'Too few orders in the tail to tell; the notice beside the title says how many there are',
      targets: [trading('A', 'latency_attribution', { quantile: 0.9 })],
      overrides: [named('verdict', { 'custom.width': 220 })],
    }),
    timeSeries({
      id: 11,
      title: 'Market or us: feed delay that the market does not explain',
      description:
        'Delay of each venue\u2019s feeds beyond what messages, trades and volatility explain, in robust deviations of the last minute. Above 3.5 it is a fault: ours, the network or the venue; several venues at once are this host. Query market_or_us has the observed and the expected delay of one feed.',
      w: 24,
      h: 8,
      unit: 'short',
      decimals: 1,
      legend: 'right',
      limitLines: true,
      thresholds: steps('transparent', [3.5, 'red']),
      displayName: '${__field.labels.venue}',
      targets: [promql('A', 'max by (venue) (latency_fault_score{venue=~"$venue"})')],
    }),
  ],
};
