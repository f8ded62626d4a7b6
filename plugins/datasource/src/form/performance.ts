/** Forms of the queries on performance and risk. */
import { POSITION_DIMENSIONS } from '../document.ts';
import { FORMAT_FIELD, isOneFigure, optionsOf, type Field, type QueryForm } from './field.ts';
import { BASE_CURRENCY_FIELD, byField, FILTERS_FIELD, METHOD_FIELD } from './trading.ts';

const INITIAL_EQUITY: Field = {
  key: 'initialEquity',
  label: 'Initial equity',
  tooltip: 'Capital of each line; a ratio needs one. Empty: initial_equity of the configuration.',
  control: 'number',
  default: 10_000,
  isConfigured: true,
  min: 0.01,
  max: 1e15,
};

function barField(label: string, tooltip: string, bar: string): Field {
  const options = ['1m', '5m', '15m', '1h', '1d'].map((value) => ({ value, label: value }));
  return { key: 'bar', label, tooltip, control: 'choice', default: bar, options };
}

const CALENDAR: Field = {
  key: 'calendar',
  label: 'Trading day',
  tooltip: 'Where the days of the book end, and which days it has.',
  control: 'calendar',
  hasOpen: true,
};

const isTracker: Field['when'] = ({ format }) => format === 'tracker';

export const performanceForm: QueryForm = {
  description: 'Sharpe, Sortino, Calmar, drawdown, win rate, the last trades',
  group: 'Trading',
  rows: [
    [
      byField(POSITION_DIMENSIONS, ['strategy']),
      {
        ...FORMAT_FIELD,
        options: [
          ...FORMAT_FIELD.options,
          {
            value: 'tracker',
            label: 'Last trades',
            description: 'Figures of the last trades, at the end of the range',
          },
        ],
      },
      {
        key: 'figure',
        label: 'Figure',
        tooltip: 'What a chart or an alert rule looks at.',
        control: 'choice',
        default: 'equity',
        when: isOneFigure,
        options: optionsOf([
          ...(['equity', 'drawdown', 'drawdown_money', 'return', 'sharpe', 'sortino', 'calmar'] as const),
          ...(['win_rate', 'profit_factor', 'expectancy', 'consecutive_losses'] as const),
        ]),
      },
      {
        key: 'window',
        label: 'Trades',
        tooltip: 'How many trades the tracker looks at.',
        control: 'number',
        default: 100,
        min: 1,
        max: 10_000,
        isWhole: true,
        when: isTracker,
      },
      {
        key: 'maxPositions',
        label: 'Positions allowed',
        tooltip: 'Positions that may be open at once; 0 is no limit.',
        control: 'number',
        default: 0,
        min: 0,
        max: 1_000_000,
        isWhole: true,
        when: isTracker,
      },
    ],
    [FILTERS_FIELD],
    [
      METHOD_FIELD,
      BASE_CURRENCY_FIELD,
      INITIAL_EQUITY,
      barField('Returns of', 'Width of the returns; 1d is the trading day.', '1d'),
      {
        key: 'year',
        label: 'Year of',
        tooltip: 'Days that a year has: 252, 365 or 260.',
        control: 'choice',
        default: 'equities',
        options: [
          { value: 'equities', label: 'Equities' },
          { value: 'crypto', label: 'Crypto' },
          { value: 'fx', label: 'FX' },
        ],
      },
      {
        key: 'riskFree',
        label: 'Risk-free rate',
        tooltip: 'Annual, a fraction: 0.02 is 2 %.',
        control: 'number',
        default: 0,
        min: -0.99,
        max: 10,
      },
      {
        key: 'convention',
        label: 'Convention',
        control: 'choice',
        default: 'tapewatch',
        options: [
          { value: 'tapewatch', label: 'Tapewatch', description: 'Growth by elapsed time, win rate by trade' },
          { value: 'quantstats', label: 'quantstats', description: 'Growth by count of returns, win rate by return' },
          { value: 'empyrical', label: 'empyrical', description: 'The same, with the risk-free rate per period' },
        ],
      },
      {
        key: 'trades',
        label: 'A trade is',
        control: 'choice',
        default: 'round-trip',
        options: [
          { value: 'round-trip', label: 'Flat to flat' },
          { value: 'closing-fill', label: 'Each closing fill' },
        ],
      },
    ],
    [CALENDAR],
  ],
};

export const riskForm: QueryForm = {
  description: 'Value at risk, shortfall, exposure, leverage, use of limits',
  group: 'Trading',
  rows: [
    [
      byField(POSITION_DIMENSIONS, []),
      {
        key: 'format',
        label: 'Format',
        control: 'choice',
        default: 'table',
        inAlerts: false,
        options: [
          { value: 'table', label: 'Table' },
          { value: 'limits', label: 'Limits', description: 'How much of each limit is used' },
          {
            value: 'portfolio',
            label: 'Portfolio',
            description: 'Value by its parts, and returns of 1 h, 24 h and 7 d',
          },
        ],
      },
      {
        key: 'var',
        label: 'Value at risk',
        control: 'choice',
        default: 'historical',
        options: [
          { value: 'historical', label: 'Historical' },
          { value: 'parametric', label: 'Parametric', description: 'Of a normal distribution' },
          { value: 'cornish-fisher', label: 'Cornish-Fisher', description: 'Refused outside its domain' },
          { value: 'ewma', label: 'EWMA', description: 'RiskMetrics, lambda 0.94' },
        ],
      },
      barField('Horizon', 'Of the value at risk.', '1m'),
      {
        key: 'top',
        label: 'Largest',
        tooltip: 'Instruments in the share of the largest ones.',
        control: 'number',
        default: 1,
        min: 1,
        max: 100,
        isWhole: true,
      },
    ],
    [FILTERS_FIELD],
    [
      METHOD_FIELD,
      BASE_CURRENCY_FIELD,
      INITIAL_EQUITY,
      {
        key: 'limits',
        label: 'Limits',
        control: 'amounts',
        when: ({ format }) => format === 'limits',
        names: [
          { value: 'gross', label: 'Gross' },
          { value: 'net', label: 'Net' },
          { value: 'leverage', label: 'Leverage' },
          { value: 'positions', label: 'Positions' },
          { value: 'valueAtRisk95', label: 'VaR 95 %' },
          { value: 'valueAtRisk99', label: 'VaR 99 %' },
          { value: 'drawdown', label: 'Drawdown' },
        ],
      },
    ],
    [CALENDAR],
  ],
};
