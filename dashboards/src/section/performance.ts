/** What was earned for what was risked: performance, drawdown, value at risk, exposure. */
import { absolute, named, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { table, timeSeries } from '../panel.ts';
import { trading } from '../target.ts';

/** Above 1 good, 0.5 to 1 neutral, below 0.5 bad. */
const SHARPE_BANDS = {
  'custom.cellOptions': { type: 'color-text' },
  color: { mode: 'thresholds' },
  thresholds: absolute(steps('red', [0.5, 'text'], [1, 'green'])),
};

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
      interval: '15s',
      legend: 'table',
      calculations: ['lastNotNull', 'min', 'max'],
      displayName: '${__field.labels.strategy}',
      targets: [trading('A', 'performance', { by: ['strategy'], format: 'time_series', figure: 'equity' })],
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
      targets: [trading('A', 'performance', { by: ['strategy'], format: 'time_series', figure: 'drawdown' })],
    }),
    table({
      id: 42,
      title: 'The last 100 trades by strategy',
      description:
        'Sharpe and Sortino ratio, drawdown, win rate, losses in a row, profit by day and week of the last trades. A ratio needs 30 returns; before that it is empty with its reason.',
      w: 24,
      h: 8,
      noValue: '-',
      targets: [trading('A', 'performance', { by: ['strategy'], format: 'tracker', year: 'crypto' })],
      overrides: [named('sharpe', SHARPE_BANDS)],
    }),
  ],
};

export const risk: Section = {
  id: 500,
  title: 'Risk: value at risk, exposure, portfolio',
  panels: [
    table({
      id: 50,
      title: 'Risk of the open positions',
      description:
        'What the positions may lose within a minute with 95 and 99 % confidence, and on average beyond it; gross and net exposure, leverage, concentration, returns over 1 h, 24 h and 7 d.',
      w: 24,
      h: 7,
      noValue: '-',
      targets: [trading('A', 'risk', { by: ['strategy'] })],
    }),
    table({
      id: 51,
      title: 'Portfolio',
      description: 'Value of the portfolio by its parts, which sum to the total: instruments and cash.',
      w: 24,
      h: 9,
      noValue: '-',
      targets: [trading('A', 'risk', { by: [], format: 'portfolio' })],
    }),
  ],
};
