/** What trading cost and what it earned: slippage and profit and loss. Units of money come with the frames. */
import { absolute, named, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { table, timeSeries } from '../panel.ts';
import { pnl, slippage } from '../target.ts';

/** Bars grow with the cost; they turn where a desk would ask why. */
const COST_BARS = {
  'custom.cellOptions': { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
  'custom.width': 190,
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('green', [0.25, 'blue'], [0.75, 'orange'], [1.5, 'red'])),
  decimals: 2,
  min: -0.5,
  max: 2,
};
const GAIN_OR_LOSS = {
  'custom.cellOptions': { type: 'color-text' },
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('red', [0, 'green'])),
};
const NARROW = Object.entries({
  ...{ strategy: 140, venue: 80, cost: 95, notional: 95, fills: 75, orders: 80, excluded: 95 },
  ...{ realised: 115, unrealised: 120, fees: 90, net: 110 },
}).map(([name, width]) => named(name, { 'custom.width': width }));
const HIDE_CURRENCY = [{ id: 'organize', options: { excludeByName: { currency: true } } }];

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
      noValue: '-',
      targets: [slippage('A', { by: ['strategy', 'venue'] })],
      transformations: HIDE_CURRENCY,
      sortBy: { column: 'slippage', descending: true },
      overrides: [named('slippage', COST_BARS), ...NARROW],
    }),
    timeSeries({
      id: 31,
      title: 'Slippage over time by venue',
      description:
        'The same slippage for each half minute, by venue. Above zero costs money, below zero earns the spread.',
      w: 10,
      h: 10,
      unit: 'suffix: bps',
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
      noValue: '-',
      targets: [pnl('A', { by: ['strategy', 'venue'] })],
      transformations: [{ id: 'organize', options: { excludeByName: { currency: true, open: true, total: true } } }],
      sortBy: { column: 'net', descending: false },
      overrides: [
        named('realised', GAIN_OR_LOSS),
        named('unrealised', GAIN_OR_LOSS),
        named('net', GAIN_OR_LOSS),
        ...NARROW,
      ],
    }),
  ],
};
