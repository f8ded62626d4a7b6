/** What may be lost: value at risk, exposure, leverage, and what the portfolio is made of. One query has the desk's figures. */
import { figures, type Figure } from '../figure.ts';
import { coloured, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { table } from '../table.ts';
import { trading } from '../target.ts';
import { DRAWDOWN, GAIN } from './limit.ts';

const RISK: readonly Figure[] = [
  {
    id: 52,
    title: 'Value at risk 95 %',
    description:
      'Loss within one minute that is not passed in 95 of 100, from the minutes of the time range. It needs 200 of them; before that it is empty.',
    field: 'var 95',
    unit: 'currencyUSD',
  },
  {
    id: 53,
    title: 'Value at risk 99 %',
    description:
      'Loss within one minute that is not passed in 99 of 100, from the minutes of the time range. It needs 1,000 of them; before that it is empty.',
    field: 'var 99',
    unit: 'currencyUSD',
  },
  {
    id: 54,
    title: 'Exposure',
    description: 'Gross: the magnitudes of all open values together, long and short.',
    field: 'gross',
    unit: 'currencyUSD',
  },
  {
    id: 55,
    title: 'Net exposure',
    description: 'Value of what is held less value of what is owed. Near zero the desk does not bet on the market.',
    field: 'net',
    unit: 'currencyUSD',
  },
  {
    id: 56,
    title: 'Leverage',
    description: 'Gross exposure over equity. Empty where there is no positive equity to relate it to.',
    field: 'leverage',
    unit: 'suffix:x',
    decimals: 1,
  },
  {
    id: 57,
    title: 'Return 1 h',
    description: 'Return of the equity over the last hour; empty while the time range is shorter.',
    field: 'return 1h',
    unit: 'percentunit',
    decimals: 2,
    thresholds: GAIN,
  },
  {
    id: 58,
    title: 'Return 24 h',
    description: 'Return of the equity over the last 24 hours; empty while the time range is shorter.',
    field: 'return 24h',
    unit: 'percentunit',
    decimals: 2,
    thresholds: GAIN,
  },
  {
    id: 59,
    title: 'Return 7 d',
    description: 'Return of the equity over the last seven days; empty while the time range is shorter.',
    field: 'return 7d',
    unit: 'percentunit',
    decimals: 2,
    thresholds: GAIN,
  },
];

export const risk: Section = {
  id: 500,
  title: 'Risk: value at risk, exposure, portfolio',
  panels: [
    ...figures(trading('A', 'risk', { by: [] }), { w: 6, h: 3 }, RISK),
    table({
      id: 50,
      title: 'Risk of the open positions by strategy',
      description:
        'What the positions may lose within a minute with 95 and 99 % confidence, and on average beyond it; gross and net exposure, leverage and concentration.',
      w: 16,
      h: 9,
      noValue: 'No open position',
      targets: [trading('A', 'risk', { by: ['strategy'] })],
      sortBy: { column: 'gross', descending: true },
      columns: [
        { name: 'strategy', width: 140 },
        { name: 'var 95' },
        { name: 'es 95' },
        { name: 'var 99' },
        { name: 'es 99' },
        { name: 'gross' },
        { name: 'net' },
        { name: 'leverage' },
        { name: 'top share', title: 'largest', show: { decimals: 0 } },
        { name: 'drawdown', show: { ...coloured(DRAWDOWN), decimals: 2 } },
        { name: 'positions', width: 85 },
      ],
    }),
    table({
      id: 51,
      title: 'Portfolio by its parts',
      description:
        'Value of the portfolio by its parts, instruments and cash, which sum to the total. Short positions are negative: what their sale brought is in the cash.',
      w: 8,
      h: 9,
      noValue: 'No fills in the time range',
      targets: [trading('A', 'risk', { by: [], format: 'portfolio' })],
      columns: [
        { name: 'part' },
        // No bar: one of money owed would grow from the left as it shrinks.
        { name: 'value', show: coloured(steps('orange', [0, 'text'])) },
        { name: 'share', show: { decimals: 1 } },
      ],
    }),
  ],
};
