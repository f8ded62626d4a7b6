/** Forms of the queries that read fills and orders. */
import type { TapewatchQuery } from '../query.ts';
import { FORMAT_FIELD, type Field, type QueryForm } from './field.ts';

export const DIMENSIONS = ['strategy', 'venue', 'symbol', 'side', 'account'] as const;
/** A position is built of both sides. */
const POSITION_DIMENSIONS = DIMENSIONS.filter((name) => name !== 'side');

const FILTERS: Field = { key: 'filters', label: 'Filters', control: 'filters' };

function by(offered: readonly string[]): Field {
  return {
    key: 'by',
    label: 'By',
    tooltip: 'One row or line for each combination.',
    control: 'pills',
    offered,
    default: ['strategy', 'venue'],
  };
}

export const slippageForm: QueryForm = {
  label: 'Slippage',
  description: 'Cost of fills against the mid at order arrival',
  group: 'Trading',
  rows: [[by(DIMENSIONS), FORMAT_FIELD], [FILTERS]],
};

export const METHOD_FIELD = {
  key: 'method',
  label: 'Method',
  control: 'choice',
  default: 'average',
  options: [
    { value: 'average', label: 'Average cost', description: 'Fills change the average price of the position' },
    { value: 'fifo', label: 'First in, first out', description: 'Fills close the oldest open lots' },
  ],
} as const satisfies Field;

function isTable({ format = 'table' }: Pick<TapewatchQuery, 'format'>): boolean {
  return format === 'table';
}

export const pnlForm: QueryForm = {
  label: 'P&L',
  description: 'Profit and loss of the fills in the range',
  group: 'Trading',
  rows: [
    [
      by(POSITION_DIMENSIONS),
      METHOD_FIELD,
      {
        ...FORMAT_FIELD,
        options: [
          ...FORMAT_FIELD.options,
          { value: 'equity', label: 'Equity', description: 'Initial equity, profit and cash, over time' },
        ],
      },
      {
        key: 'period',
        label: 'Rows for',
        tooltip: 'One row for the whole range, or one for each trading day or week of it.',
        control: 'choice',
        default: 'range',
        when: isTable,
        options: [
          { value: 'range', label: 'Range' },
          { value: 'day', label: 'Day' },
          { value: 'week', label: 'Week' },
        ],
      },
      {
        key: 'figure',
        label: 'Figure',
        control: 'choice',
        default: 'total',
        when: ({ format }) => format === 'time_series',
        options: [
          { value: 'total', label: 'Total', description: 'Realised and unrealised, before fees' },
          { value: 'net', label: 'Net', description: 'Total less fees' },
          { value: 'realised', label: 'Realised' },
          { value: 'unrealised', label: 'Unrealised' },
          { value: 'fees', label: 'Fees', description: 'Rebates are negative' },
          { value: 'effect', label: 'Currency effect', description: 'What exchange rates did to balances' },
        ],
      },
    ],
    [FILTERS],
    [
      {
        key: 'baseCurrency',
        label: 'In currency',
        tooltip: 'Everything in this currency, at the exchange rates of each moment. Empty keeps currencies apart.',
        control: 'text',
        placeholder: 'As traded',
      },
      {
        key: 'initialEquity',
        label: 'Initial equity',
        control: 'number',
        default: 10_000,
        min: -1e15,
        max: 1e15,
        when: ({ format }) => format === 'equity',
      },
      {
        key: 'calendar',
        label: 'Trading day',
        tooltip: 'Where the days of the book end, and which days it has.',
        control: 'calendar',
        when: (query) => isTable(query) && (query.period ?? 'range') !== 'range',
      },
    ],
  ],
};
