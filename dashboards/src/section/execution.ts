/** How well orders were executed, what fills were worth later, and what size costs. */
import { BASIS_POINTS, coloured, steps, WRAPPED } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { table } from '../table.ts';
import { trading } from '../target.ts';
import { GAIN } from './limit.ts';

const COST = coloured(steps('green', [0.25, 'text'], [1, 'orange'], [2, 'red']));

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
      noValue: 'No orders in the time range',
      targets: [trading('A', 'execution', { by: ['strategy', 'venue'] })],
      sortBy: { column: 'slippage', descending: true },
      columns: [
        { name: 'strategy', width: 145 },
        { name: 'venue', width: 75 },
        { name: 'slippage', width: 95, show: COST },
        { name: 'slippage_low', title: 'from' },
        { name: 'slippage_high', title: 'to' },
        { name: 'cost' },
        { name: 'notional' },
        { name: 'shortfall', width: 95, show: COST },
        { name: 'effective_spread', title: 'eff. spread', width: 105 },
        { name: 'realised_spread', title: 'real. spread', width: 105 },
        { name: 'fees', title: 'fees' },
        { name: 'orders' },
        { name: 'fill_rate', title: 'filled', show: { decimals: 0 } },
        { name: 'reject_rate', title: 'rejected', show: { decimals: 1 } },
        { name: 'cancel_rate', title: 'cancelled', width: 90, show: { decimals: 0 } },
        { name: 'ack_p99', title: 'ack p99' },
        { name: 'excluded', width: 85 },
      ],
    }),
    timeSeries({
      id: 21,
      title: 'Effective spread by venue',
      description: 'Twice the distance of the fill price from the mid right before it, in basis points of the mid.',
      w: 12,
      h: 8,
      unit: BASIS_POINTS,
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
        'Groups of orders that cost more than comparable ones (same instrument, side, size and time), with the interval of the difference and what equal cost would have saved. The excess is in basis points of cost, or in percentage points of rejected orders.',
      w: 12,
      h: 8,
      noValue: 'No group costs clearly more than comparable orders',
      targets: [trading('A', 'execution', { by: ['venue'], format: 'opportunities' })],
      sortBy: { column: 'saving', descending: true },
      columns: [
        { name: 'venue' },
        { name: 'finding', width: 330, show: WRAPPED },
        { name: 'saving', width: 85 },
        { name: 'excess', title: 'bps or points', width: 105 },
        { name: 'excess_low', title: 'from' },
        { name: 'excess_high', title: 'to' },
      ],
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
      noValue: 'No fills in the time range',
      targets: [trading('A', 'markouts', { by: ['venue'] })],
      columns: [
        { name: 'venue' },
        { name: 'liquidity' },
        { name: 'horizon', title: 'after' },
        { name: 'markout', show: coloured(GAIN) },
        { name: 'markout_low', title: 'from' },
        { name: 'markout_high', title: 'to' },
        { name: 'fills' },
        { name: 'missing' },
      ],
    }),
    table({
      id: 31,
      title: 'Impact by size of the order',
      description:
        'Slippage of own orders by their size, smallest first, with 95 % intervals. The mean size is a share of the volume of a day, or money where prints are missing. An exponent is fitted only from 200 orders on; below that the bins are all that can be said.',
      w: 12,
      h: 10,
      noValue: 'No fills in the time range',
      targets: [trading('A', 'impact', { by: ['symbol'], bins: 5 })],
      columns: [
        { name: 'symbol' },
        { name: 'bin', title: 'size' },
        { name: 'impact', show: COST },
        { name: 'impact_low', title: 'from' },
        { name: 'impact_high', title: 'to' },
        { name: 'mean_size', title: 'mean size', width: 110 },
        { name: 'orders' },
      ],
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
      unit: BASIS_POINTS,
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
