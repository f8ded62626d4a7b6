/** Why orders are slow: which hop, what it costs, and whether it is the market. */
import { steps } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { table } from '../table.ts';
import { promql, trading } from '../target.ts';

export const attribution: Section = {
  id: 100,
  title: 'Latency: which hop, and is it the market or us',
  panels: [
    table({
      id: 10,
      title: 'Which hop is slow',
      description:
        'Time of the slowest hundredth of orders by hop, against the median and against as much time before the range. The verdict names a hop only where it leads clearly and clocks cannot explain it; else it says why it cannot tell.',
      w: 24,
      h: 7,
      noValue: 'Too few orders to tell a tail: widen the time range, or ask for a lower quantile',
      targets: [trading('A', 'latency_attribution', { quantile: 0.99 })],
      columns: [
        { name: 'hop', width: 220 },
        { name: 'verdict', title: 'slow?', width: 240 },
        { name: 'median' },
        { name: 'tail' },
        { name: 'excess', title: 'more in the tail', width: 130 },
        { name: 'change', title: 'more than before', width: 140 },
        { name: 'error', title: 'plus or minus', width: 110 },
        { name: 'share' },
        { name: 'orders', title: 'orders touched', width: 120 },
        { name: 'cost_bps', title: 'cost' },
        { name: 'cost', title: 'in money' },
      ],
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
      softMax: 4,
      interval: '15s',
      thresholds: steps('transparent', [3.5, 'red']),
      displayName: '${__field.labels.venue}',
      targets: [promql('A', 'max by (venue) (max_over_time(latency_fault_score{venue=~"$venue"}[$__interval]))')],
    }),
  ],
};
