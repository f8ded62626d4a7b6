/** What trading cost and what it earned: slippage and profit and loss. Units of money come with the frames. */
import { BASIS_POINTS, BY_THRESHOLD, absolute, coloured, steps, WITHHELD } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { table } from '../table.ts';
import { pnl, slippage } from '../target.ts';
import { GAIN } from './limit.ts';

/** Bars grow with the cost; they turn where a desk would ask why. */
const COST_BARS = {
  'custom.cellOptions': { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
  color: BY_THRESHOLD,
  thresholds: absolute(steps('green', [0.25, 'blue'], [0.75, 'orange'], [1.5, 'red'])),
  mappings: WITHHELD,
  decimals: 2,
  min: -0.5,
  max: 2,
};
const GAIN_OR_LOSS = coloured(GAIN);

export const cost: Section = {
  id: 300,
  title: 'What it cost: slippage against the arrival mid',
  panels: [
    table({
      id: 30,
      title: 'Slippage by strategy and venue',
      description:
        'Average fill price against the mid when the order arrived, in basis points of the benchmark notional; costs are positive, orders that earned the spread are negative. Fills without a valid mid are counted as excluded, not guessed.',
      w: 14,
      h: 10,
      noValue: 'No fills in the time range',
      targets: [slippage('A', { by: ['strategy', 'venue'] })],
      sortBy: { column: 'slippage', descending: true },
      columns: [
        { name: 'strategy', width: 140 },
        { name: 'venue' },
        { name: 'slippage', width: 190, show: COST_BARS },
        { name: 'cost' },
        { name: 'notional' },
        { name: 'fills' },
        { name: 'orders' },
        { name: 'excluded', width: 85 },
      ],
    }),
    timeSeries({
      id: 31,
      title: 'Slippage over time by venue',
      description:
        'The same slippage for each half minute, by venue. Above zero costs money, below zero earns the spread.',
      w: 10,
      h: 10,
      unit: BASIS_POINTS,
      decimals: 2,
      fill: 0,
      interval: '30s',
      bridgeMs: 300_000,
      legend: 'table',
      calculations: ['lastNotNull', 'mean'],
      displayName: '${__field.labels.venue}',
      targets: [slippage('A', { by: ['venue'], format: 'time_series' })],
    }),
  ],
};

export const profit: Section = {
  id: 400,
  title: 'What it earned: profit and loss',
  panels: [
    timeSeries({
      id: 40,
      title: 'P&L by strategy, before fees',
      description:
        'Realised plus open at the last mid, booked from flat at the start of the time range, by strategy. Move the time range to the session to see the session.',
      w: 12,
      h: 10,
      unit: 'currencyUSD',
      fill: 0,
      interval: '15s',
      legend: 'table',
      calculations: ['lastNotNull', 'min', 'max'],
      displayName: '${__field.labels.strategy}',
      targets: [pnl('A', { by: ['strategy'], format: 'time_series' })],
    }),
    table({
      id: 41,
      title: 'P&L by strategy and venue',
      description:
        'Realised, unrealised, fees (paid minus rebates) and net of the fills in the time range, at average cost. Open quantity is marked at the last mid.',
      w: 12,
      h: 10,
      noValue: 'No fills in the time range',
      targets: [pnl('A', { by: ['strategy', 'venue'] })],
      sortBy: { column: 'net', descending: false },
      columns: [
        { name: 'strategy', width: 140 },
        { name: 'venue' },
        { name: 'realised', show: GAIN_OR_LOSS },
        { name: 'unrealised', width: 95, show: GAIN_OR_LOSS },
        { name: 'fees' },
        { name: 'net', show: GAIN_OR_LOSS },
        { name: 'day', title: 'today', show: GAIN_OR_LOSS },
        { name: 'week', title: 'this week', width: 90, show: GAIN_OR_LOSS },
      ],
    }),
  ],
};
