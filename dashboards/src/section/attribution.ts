/** Why orders are slow: which hop, what it costs, and whether it is the market. */
import { steps, valueTexts, WITHHELD } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { table } from '../table.ts';
import { promql, trading } from '../target.ts';

const VERDICT = {
  'custom.cellOptions': { type: 'color-text' },
  mappings: [
    ...valueTexts({
      slow: { text: 'Slow', color: 'red' },
      paused: { text: 'Paused', color: 'red' },
      'cannot tell': { text: 'Cannot tell', color: 'orange' },
    }),
    ...WITHHELD,
  ],
};

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
      noValue: 'Fewer than 5,000 orders: their slowest hundredth must be 50 to tell hops apart. Widen the time range',
      targets: [trading('A', 'latency_attribution', { quantile: 0.99 })],
      columns: [
        { name: 'hop', width: 220 },
        { name: 'verdict', title: 'slow?', width: 120, show: VERDICT },
        { name: 'median', show: { decimals: 3 } },
        { name: 'tail', show: { decimals: 3 } },
        { name: 'excess', title: 'more in the tail', width: 130, show: { decimals: 3 } },
        { name: 'change', title: 'more than before', width: 140, show: { decimals: 3 } },
        { name: 'error', title: 'plus or minus', width: 110, show: { decimals: 3 } },
        { name: 'share', show: { decimals: 1 } },
        { name: 'orders', title: 'orders touched', width: 120 },
        { name: 'cost_bps', title: 'cost', show: { decimals: 3 } },
        { name: 'cost', title: 'cost in money', width: 115 },
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
