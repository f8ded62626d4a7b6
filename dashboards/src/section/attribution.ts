/** Why orders are slow: which hop, what it costs, and whether it is the market. */
import { named, valueTexts } from '../field.ts';
import type { Section } from '../model.ts';
import { stateTimeline, table, timeSeries } from '../panel.ts';
import { trading } from '../target.ts';

const VERDICTS = valueTexts({
  0: { text: 'Normal', color: 'green' },
  1: { text: 'The market', color: 'blue' },
  2: { text: 'A fault', color: 'red' },
});

export const attribution: Section = {
  id: 100,
  title: 'Latency: which hop, and is it the market or us',
  panels: [
    table({
      id: 10,
      title: 'Which hop is slow',
      description:
        'Time of orders in the tail by hop, against the median and against as much time before the range. The verdict names a hop only where it leads clearly and clocks cannot explain it; else it says why it cannot tell.',
      w: 24,
      h: 9,
      noValue: '-',
      targets: [trading('A', 'latency_attribution')],
      overrides: [named('verdict', { 'custom.width': 220 })],
    }),
    timeSeries({
      id: 11,
      title: 'Feed delay: observed and expected by load',
      description:
        'Delay between the exchange\u2019s stamp and receipt above the fastest so far, and what messages, trades and volatility explain of it.',
      w: 12,
      h: 8,
      unit: 's',
      interval: '1s',
      legend: 'right',
      targets: [trading('A', 'market_or_us')],
      transformations: [{ id: 'filterFieldsByName', options: { include: { pattern: 'Time|observed|expected' } } }],
    }),
    stateTimeline({
      id: 12,
      title: 'Market or us?',
      description:
        'The market: the delay is what the load explains. A fault: it is not, in two of three windows; ours, the network or the venue.',
      w: 12,
      h: 8,
      unit: 'short',
      mappings: VERDICTS,
      targets: [trading('A', 'market_or_us')],
      transformations: [{ id: 'filterFieldsByName', options: { include: { pattern: 'Time|verdict' } } }],
    }),
  ],
};
