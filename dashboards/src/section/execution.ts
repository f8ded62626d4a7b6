/** How well orders were executed, what fills were worth later, and what size costs. */
import { absolute, named, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { table, timeSeries } from '../panel.ts';
import { trading } from '../target.ts';

const COST_COLOUR = {
  'custom.cellOptions': { type: 'color-text' },
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('green', [0.25, 'text'], [1, 'orange'], [2, 'red'])),
};
/** Fills that gained afterwards are green. */
const GAIN_COLOUR = {
  'custom.cellOptions': { type: 'color-text' },
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('red', [0, 'green'])),
};
const HIDDEN = (names: readonly string[]): readonly { id: string; options: unknown }[] => [
  { id: 'organize', options: { excludeByName: Object.fromEntries(names.map((name) => [name, true])) } },
];

export const execution: Section = {
  id: 200,
  title: 'Execution quality: slippage, shortfall, rates',
  panels: [
    table({
      id: 20,
      title: 'Execution by strategy and venue',
      description:
        'Slippage against the mid at arrival with its 95 % interval, implementation shortfall, spreads, and how orders ended. Costs are positive. What has no valid benchmark is left out and counted.',
      w: 24,
      h: 9,
      noValue: '-',
      targets: [trading('A', 'execution', { by: ['strategy', 'venue'] })],
      sortBy: { column: 'slippage', descending: true },
      overrides: [named('slippage', COST_COLOUR)],
    }),
    timeSeries({
      id: 21,
      title: 'Effective spread by venue',
      description: 'Twice the distance of the fill price from the mid right before it, in basis points of the mid.',
      w: 12,
      h: 8,
      unit: 'suffix: bps',
      decimals: 2,
      interval: '30s',
      bridgeMs: 300_000,
      displayName: '${__field.labels.venue}',
      targets: [trading('A', 'execution', { by: ['venue'], format: 'time_series', figure: 'effective_spread' })],
    }),
    table({
      id: 22,
      title: 'What could be improved',
      description:
        'Groups of orders that cost more than comparable ones (same instrument, side, size and time), with the interval of the difference and what equal cost would have saved.',
      w: 12,
      h: 8,
      noValue: 'No group costs clearly more than comparable orders',
      targets: [trading('A', 'execution', { by: ['venue'], format: 'opportunities' })],
    }),
  ],
};

export const markouts: Section = {
  id: 300,
  title: 'After the fill: markouts and impact',
  panels: [
    table({
      id: 30,
      title: 'Markouts by venue',
      description:
        'What fills gained against the mid some time later, makers and takers apart, in basis points with a 95 % interval. Negative: the market went against the fill.',
      w: 12,
      h: 10,
      noValue: '-',
      targets: [trading('A', 'markouts', { by: ['venue'] })],
      transformations: HIDDEN(['seconds']),
      overrides: [named('markout', GAIN_COLOUR)],
    }),
    table({
      id: 31,
      title: 'Impact by size of the order',
      description:
        'Slippage of own orders by their size, with 95 % intervals. An exponent is fitted only from 200 orders on; below that the bins are all that can be said.',
      w: 12,
      h: 10,
      noValue: '-',
      targets: [trading('A', 'impact', { by: ['symbol'], bins: 5 })],
      overrides: [named('impact', COST_COLOUR)],
    }),
  ],
};

export const market: Section = {
  id: 600,
  title: 'The market: spreads, volatility, feeds',
  panels: [
    timeSeries({
      id: 60,
      title: 'Quoted spread',
      description: 'Of the best bid and ask, weighted by time, in basis points of the mid.',
      w: 12,
      h: 8,
      unit: 'suffix: bps',
      decimals: 2,
      interval: '30s',
      displayName: '${__field.labels.venue} ${__field.labels.symbol}',
      legend: 'right',
      targets: [trading('A', 'market', { format: 'time_series', figure: 'spread' })],
    }),
    timeSeries({
      id: 61,
      title: 'Realised volatility',
      description: 'Of mids one second apart, as a fraction per year of 365 days.',
      w: 12,
      h: 8,
      unit: 'percentunit',
      interval: '30s',
      displayName: '${__field.labels.venue} ${__field.labels.symbol}',
      legend: 'right',
      targets: [trading('A', 'market', { format: 'time_series', figure: 'volatility' })],
    }),
  ],
};
