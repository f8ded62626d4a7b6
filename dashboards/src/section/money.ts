/** What trading cost and what it earned: slippage and profit and loss. */
import { absolute, matching, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { table, timeSeries } from '../panel.ts';
import { pnl, slippage } from '../target.ts';

/** Bars grow with the cost; beyond five basis points they turn. */
const COST_BARS = {
  'custom.cellOptions': { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('green', [1, 'blue'], [5, 'orange'], [10, 'red'])),
  unit: 'suffix: bps',
  decimals: 2,
};
const MONEY = { unit: 'currencyUSD', decimals: 0 };
const GAIN_OR_LOSS = {
  ...MONEY,
  'custom.cellOptions': { type: 'color-text' },
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('red', [0, 'green'])),
};

export const cost: Section = {
  id: 300,
  title: 'What it cost: slippage against the arrival mid',
  panels: [
    table({
      id: 30,
      title: 'Slippage by strategy and venue',
      description:
        'Average fill price against the mid when the order arrived, in basis points of the benchmark notional; costs are positive. Orders without a valid mid are counted apart, not guessed.',
      w: 14,
      h: 9,
      noValue: 'No fills in the time range',
      targets: [slippage('A', { by: ['strategy', 'venue'] })],
      overrides: [matching('/bps/i', COST_BARS), matching('/notional|cost/i', MONEY)],
    }),
    timeSeries({
      id: 31,
      title: 'Slippage over time by venue',
      description: 'The same slippage for each step of the time range, by venue. Above zero costs money.',
      w: 10,
      h: 9,
      unit: 'suffix: bps',
      decimals: 2,
      fill: 0,
      legend: 'table',
      calculations: ['lastNotNull', 'mean'],
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
      title: 'Net P&L by strategy',
      description: 'Realised plus open at the mid minus fees, from the start of the time range, by strategy.',
      w: 12,
      h: 9,
      unit: 'currencyUSD',
      decimals: 0,
      fill: 0,
      legend: 'table',
      calculations: ['lastNotNull', 'min', 'max'],
      targets: [pnl('A', { by: ['strategy'], format: 'time_series' })],
    }),
    table({
      id: 41,
      title: 'P&L by strategy and venue',
      description:
        'Realised, open, fees and net of the fills in the time range, at average cost. Open quantity is marked at the last mid.',
      w: 12,
      h: 9,
      noValue: 'No fills in the time range',
      targets: [pnl('A', { by: ['strategy', 'venue'] })],
      overrides: [matching('/realised|net|pnl/i', GAIN_OR_LOSS), matching('/fees|notional/i', MONEY)],
    }),
  ],
};
