/**
 * What was earned for what was risked. The first two lines of "Trading analytics" are one query: the figures of the last
 * trades of the whole desk, each in the colours of its band.
 */
import { figures, type Figure } from '../figure.ts';
import { above, coloured, steps } from '../field.ts';
import type { Panel, Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { table, type Column } from '../table.ts';
import { trading } from '../target.ts';
import { DRAWDOWN, GAIN } from './limit.ts';

/** Above 1.0 positive, 0.5 to 1.0 neutral, both ends included, below 0.5 negative. */
export const SHARPE_BANDS = steps('red', [0.5, 'text'], [above(1), 'green']);
const WIN_RATE = steps('red', [0.4, 'text'], [0.5, 'green']);
/** One loss says nothing; these are how often a coin falls the same way three and five times. */
const LOSSES = steps('green', [3, 'orange'], [5, 'red']);

const LAST_TRADES: readonly Figure[] = [
  {
    id: 71,
    title: 'Sharpe',
    description:
      'Of the returns of the last 100 trades, annualised with their rate; green above 1.0, red below 0.5. It needs 30 returns over at least a day; before that it is empty.',
    field: 'sharpe',
    unit: 'short',
    decimals: 2,
    thresholds: SHARPE_BANDS,
  },
  {
    id: 72,
    title: 'Sortino',
    description: 'Like the Sharpe ratio, but only losses count as risk. Same bands and same conditions.',
    field: 'sortino',
    unit: 'short',
    decimals: 2,
    thresholds: SHARPE_BANDS,
  },
  {
    id: 73,
    title: 'Drawdown',
    description: 'How far equity is below its peak now, as a share of the peak; it moves with each trade.',
    field: 'drawdown',
    unit: 'percentunit',
    decimals: 2,
    thresholds: DRAWDOWN,
  },
  {
    id: 74,
    title: 'Worst drawdown',
    description: 'The worst drawdown within the last 100 trades.',
    field: 'max drawdown',
    unit: 'percentunit',
    decimals: 2,
    thresholds: DRAWDOWN,
  },
  {
    id: 75,
    title: 'Win rate',
    description: 'Won over won and lost trades of the last 100; trades that ended at zero do not count.',
    field: 'win rate',
    unit: 'percentunit',
    decimals: 0,
    thresholds: WIN_RATE,
  },
  {
    id: 76,
    title: 'Losses in a row',
    description: 'Lost trades since the last one that was won: the first sign that something has changed.',
    field: 'consecutive losses',
    unit: 'short',
    decimals: 0,
    thresholds: LOSSES,
  },
  {
    id: 77,
    title: 'P&L today',
    description: 'Profit of the running trading day after fees, as far as the time range reaches back.',
    field: 'day',
    unit: 'currencyUSD',
    thresholds: GAIN,
  },
  {
    id: 78,
    title: 'P&L this week',
    description: 'Profit of the running trading week after fees, as far as the time range reaches back.',
    field: 'week',
    unit: 'currencyUSD',
    thresholds: GAIN,
  },
  {
    id: 79,
    title: 'P&L in total',
    description: 'Profit of all closed trades of the time range, after fees.',
    field: 'profit',
    unit: 'currencyUSD',
    thresholds: GAIN,
  },
  {
    id: 80,
    title: 'Per trade',
    description: 'Average profit of a trade of the last 100.',
    field: 'expectancy',
    unit: 'currencyUSD',
    thresholds: GAIN,
  },
  {
    id: 81,
    title: 'Equity',
    description:
      'Initial equity (initial_equity of the configuration) and the profit of all closed trades of the range.',
    field: 'equity',
    unit: 'currencyUSD',
    decimals: 3,
  },
  {
    id: 82,
    title: 'Peak equity',
    description: 'The highest equity of the range; the drawdown is measured from here.',
    field: 'peak equity',
    unit: 'currencyUSD',
    decimals: 3,
  },
];

/** The desk as a whole, in two lines. */
export const lastTrades: readonly Panel[] = figures(
  trading('A', 'performance', { by: [], format: 'tracker', year: 'crypto' }),
  { w: 4, h: 3 },
  LAST_TRADES,
);

const MONEY: Column['show'] = coloured(GAIN);

export const performance: Section = {
  id: 400,
  title: 'Performance: returns, drawdown, the last trades',
  panels: [
    timeSeries({
      id: 40,
      title: 'Equity by strategy',
      description:
        'Initial equity, net profit of the fills in the range, and cash that came and went. Move the time range to the session to see the session.',
      w: 12,
      h: 9,
      unit: 'currencyUSD',
      // A thousandth of a million is coarser than a quiet minute.
      decimals: 4,
      anyRange: true,
      interval: '15s',
      legend: 'table',
      calculations: ['lastNotNull', 'min', 'max'],
      displayName: '${__field.labels.strategy}',
      targets: [
        trading('A', 'performance', {
          by: ['strategy'],
          format: 'time_series',
          figure: 'equity',
        }),
      ],
    }),
    timeSeries({
      id: 41,
      title: 'Drawdown by strategy',
      description: 'Loss since the highest equity so far, as a share of it; zero at a new high.',
      w: 12,
      h: 9,
      unit: 'percentunit',
      interval: '15s',
      legend: 'table',
      displayName: '${__field.labels.strategy}',
      targets: [
        trading('A', 'performance', {
          by: ['strategy'],
          format: 'time_series',
          figure: 'drawdown',
        }),
      ],
    }),
    table({
      id: 42,
      title: 'The last 100 trades by strategy',
      description:
        'Sharpe and Sortino ratio, drawdown, win rate, losses in a row, profit by day and week of the last trades. A ratio needs 30 returns over at least a day; before that it is empty with its reason.',
      w: 24,
      h: 8,
      noValue: 'No trade was closed in the time range',
      targets: [
        trading('A', 'performance', {
          by: ['strategy'],
          format: 'tracker',
          year: 'crypto',
        }),
      ],
      sortBy: { column: 'profit', descending: true },
      columns: [
        { name: 'strategy', width: 150 },
        { name: 'sharpe', show: coloured(SHARPE_BANDS) },
        { name: 'sortino', show: coloured(SHARPE_BANDS) },
        { name: 'drawdown', show: { ...coloured(DRAWDOWN), decimals: 2 } },
        { name: 'max drawdown', title: 'worst', show: { ...coloured(DRAWDOWN), decimals: 2 } },
        { name: 'win rate', show: { ...coloured(WIN_RATE), decimals: 0 } },
        { name: 'consecutive losses', title: 'losses in a row', width: 120, show: coloured(LOSSES) },
        { name: 'profit factor', width: 105 },
        { name: 'expectancy', title: 'per trade', show: MONEY },
        { name: 'day', title: 'today', show: MONEY },
        { name: 'week', title: 'this week', show: MONEY },
        { name: 'profit', title: 'in total', show: MONEY },
        { name: 'equity', width: 90, show: { decimals: 3 } },
        { name: 'peak equity', title: 'peak', width: 90, show: { decimals: 3 } },
        { name: 'trades' },
      ],
    }),
  ],
};
