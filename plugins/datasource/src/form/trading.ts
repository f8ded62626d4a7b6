/** Forms of the queries that read fills and orders. */
import { DIMENSIONS, POSITION_DIMENSIONS } from '../document.ts';
import { FILTER_DIMENSIONS, type TapewatchQuery } from '../query.ts';
import { FORMAT_FIELD, isOneFigure, type Field, type QueryForm } from './field.ts';

export const FILTERS_FIELD: Field = {
  key: 'filters',
  label: 'Filters',
  control: 'filters',
  dimensions: FILTER_DIMENSIONS,
};

/** Quotes and prints know neither strategy nor account. */
export const MARKET_FILTERS_FIELD: Field = { ...FILTERS_FIELD, dimensions: ['venue', 'symbol'] };

export function byField(offered: readonly string[], chosen: readonly string[] = ['strategy', 'venue']): Field {
  const tooltip = 'One row or line for each combination.';
  return { key: 'by', label: 'By', tooltip, control: 'pills', offered, default: chosen };
}

export const QUOTE_AGE_FIELD: Field = {
  key: 'maxQuoteAgeMs',
  label: 'Quotes up to (ms)',
  tooltip: 'A quote that is older than this is no benchmark, and what needs it is left out and counted. 0 is no limit.',
  control: 'number',
  default: 10_000,
  min: 0,
  max: 86_400_000,
  isWhole: true,
};

export const BASE_CURRENCY_FIELD: Field = {
  key: 'baseCurrency',
  label: 'In currency',
  tooltip: 'Everything in this currency, at the exchange rates of each moment. Empty keeps currencies apart.',
  control: 'text',
  placeholder: 'As traded',
};

export const slippageForm: QueryForm = {
  description: 'Cost of fills against the mid at order arrival',
  group: 'Trading',
  rows: [[byField(DIMENSIONS), QUOTE_AGE_FIELD, FORMAT_FIELD], [FILTERS_FIELD]],
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
  description: 'Profit and loss of the fills in the range',
  group: 'Trading',
  rows: [
    [
      byField(POSITION_DIMENSIONS),
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
        tooltip: 'What a chart or an alert rule looks at.',
        control: 'choice',
        default: 'total',
        when: isOneFigure,
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
    [FILTERS_FIELD],
    [
      BASE_CURRENCY_FIELD,
      {
        key: 'initialEquity',
        label: 'Initial equity',
        tooltip: 'Empty: initial_equity of the configuration.',
        control: 'number',
        default: 10_000,
        isConfigured: true,
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
