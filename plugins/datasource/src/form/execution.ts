/** Forms of the queries on execution, markouts, impact and the market. */
import { EXECUTION_DIMENSIONS } from '../document.ts';
import { FORMAT_FIELD, isOneFigure, optionsOf, type QueryForm } from './field.ts';
import { byField, FILTERS_FIELD, MARKET_FILTERS_FIELD, QUOTE_AGE_FIELD } from './trading.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export const executionForm: QueryForm = {
  description: 'Slippage, shortfall, spreads, fill and reject rates',
  group: 'Trading',
  rows: [
    [
      byField(EXECUTION_DIMENSIONS),
      {
        ...FORMAT_FIELD,
        options: [
          ...FORMAT_FIELD.options,
          { value: 'opportunities', label: 'Opportunities', description: 'What could be improved, with the evidence' },
        ],
      },
      {
        key: 'figure',
        label: 'Figure',
        tooltip: 'What a chart or an alert rule looks at.',
        control: 'choice',
        default: 'slippage',
        when: isOneFigure,
        options: optionsOf([
          ...(['slippage', 'shortfall', 'effective_spread', 'realised_spread', 'fill_ratio', 'fill_rate'] as const),
          ...(['reject_rate', 'cancel_rate', 'ack_p50', 'ack_p99', 'first_fill_p50', 'first_fill_p99'] as const),
        ]),
      },
    ],
    [FILTERS_FIELD],
    [
      {
        key: 'benchmark',
        label: 'Benchmark',
        control: 'choice',
        default: 'arrival',
        options: [
          { value: 'arrival', label: 'Arrival', description: 'Mid when the order came to the market' },
          { value: 'decision', label: 'Decision', description: 'Mid when it was decided' },
          { value: 'mid', label: 'Mid at fill', description: 'Mid right before each fill' },
          { value: 'vwap', label: 'VWAP', description: 'Of the market, from arrival to the last fill' },
          { value: 'twap', label: 'TWAP', description: 'Mid over the same time, weighted by time' },
        ],
      },
      {
        key: 'shortfall',
        label: 'Shortfall',
        tooltip: 'Whether delay and opportunity cost start at the decision or at the arrival; the total is the same.',
        control: 'choice',
        default: 'perold',
        options: [
          { value: 'perold', label: 'Perold' },
          { value: 'kissell', label: 'Kissell' },
        ],
      },
      {
        key: 'realisedAfterMs',
        label: 'Realised after (ms)',
        tooltip: 'When the realised spread and the all-in cost look at the mid again.',
        control: 'number',
        default: 5_000,
        min: 1,
        max: HOUR_MS,
        isWhole: true,
      },
      {
        key: 'fillWithinMs',
        label: 'Filled within (ms)',
        tooltip: 'Time in which an order counts as filled in the probability of a fill.',
        control: 'number',
        default: 60_000,
        min: 1,
        max: DAY_MS,
        isWhole: true,
      },
      QUOTE_AGE_FIELD,
    ],
  ],
};

export const markoutsForm: QueryForm = {
  description: 'What fills were worth some time later, makers and takers apart',
  group: 'Trading',
  rows: [
    [
      byField(EXECUTION_DIMENSIONS, ['venue']),
      {
        key: 'horizonsMs',
        label: 'Horizons (ms)',
        control: 'numbers',
        default: [100, 1_000, 5_000, 30_000, 300_000],
        max: 20,
      },
      QUOTE_AGE_FIELD,
    ],
    [FILTERS_FIELD],
  ],
};

export const impactForm: QueryForm = {
  description: 'What size costs: of our orders, and of the flow of the market',
  group: 'Trading',
  rows: [
    [
      byField(EXECUTION_DIMENSIONS, ['symbol']),
      {
        key: 'format',
        label: 'Format',
        control: 'choice',
        default: 'bins',
        inAlerts: false,
        options: [
          { value: 'bins', label: 'By size', description: 'Cost of own orders by their size' },
          { value: 'fits', label: 'Fits', description: "Kyle's lambda, square root and exponent" },
          { value: 'response', label: 'Response', description: 'Of the mid to the trades of the market' },
        ],
      },
      {
        key: 'bins',
        label: 'Bins',
        tooltip: 'Groups of orders by size, with equally many orders in each.',
        control: 'number',
        default: 10,
        min: 2,
        max: 50,
        isWhole: true,
        when: ({ format = 'bins' }) => format !== 'fits' && format !== 'response',
      },
      {
        key: 'intervalMs',
        label: 'Interval (ms)',
        tooltip: 'Width of the intervals of signed volume.',
        control: 'number',
        default: 1_000,
        min: 100,
        max: HOUR_MS,
        isWhole: true,
        when: ({ format }) => format === 'fits',
      },
      QUOTE_AGE_FIELD,
    ],
    [FILTERS_FIELD],
  ],
};

export const marketForm: QueryForm = {
  description: 'Spreads, sizes, volatility, and how well feeds served',
  group: 'Trading',
  rows: [
    [
      {
        ...FORMAT_FIELD,
        options: [
          ...FORMAT_FIELD.options,
          { value: 'profile', label: 'Profile', description: 'Volume by time of day' },
        ],
      },
      {
        key: 'figure',
        label: 'Figure',
        tooltip: 'What a chart or an alert rule looks at.',
        control: 'choice',
        default: 'spread',
        when: isOneFigure,
        options: optionsOf([
          ...(['spread', 'mid', 'imbalance', 'microprice', 'depth', 'volatility', 'volume'] as const),
          ...(['quotes', 'stale', 'latency'] as const),
        ]),
      },
      {
        key: 'sampleMs',
        label: 'Sample (ms)',
        tooltip: 'Spacing of the mids that realised volatility is computed from.',
        control: 'number',
        default: 1_000,
        min: 100,
        max: HOUR_MS,
        isWhole: true,
      },
      {
        key: 'clockOffsetMs',
        label: 'Clock offset (ms)',
        tooltip: "Our clock minus the exchange's; taken from latencies.",
        control: 'number',
        default: 0,
        min: -DAY_MS,
        max: DAY_MS,
      },
      QUOTE_AGE_FIELD,
    ],
    [MARKET_FILTERS_FIELD],
  ],
};
