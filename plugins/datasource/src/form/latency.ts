/** Forms of the queries on latency. */
import type { QueryForm } from './field.ts';
import { FILTERS_FIELD, MARKET_FILTERS_FIELD, QUOTE_AGE_FIELD } from './trading.ts';

export const latencyAttributionForm: QueryForm = {
  description: "Where orders' time went, which hop is slow, and what it costs",
  group: 'Latency',
  rows: [
    [
      {
        key: 'source',
        label: 'From',
        control: 'choice',
        default: 'auto',
        options: [
          { value: 'auto', label: 'Either', description: "Spans where the range has some, else the orders' events" },
          { value: 'spans', label: 'Spans' },
          { value: 'orders', label: 'Orders' },
        ],
      },
      {
        key: 'until',
        label: 'Until',
        tooltip: 'Where the way of an order ends, when it is told by its events.',
        control: 'choice',
        default: 'fill',
        when: ({ source }) => source !== 'spans',
        options: [
          { value: 'ack', label: 'Acknowledgement' },
          { value: 'fill', label: 'Fill' },
        ],
      },
      {
        key: 'operation',
        label: 'Operation',
        tooltip: 'Only traces whose root has this name.',
        control: 'text',
        placeholder: 'All',
        when: ({ source }) => source !== 'orders',
      },
      {
        key: 'reference',
        label: 'Against',
        tooltip: 'As much time before the range as well, or the tail against the median alone.',
        control: 'choice',
        default: 'before',
        options: [
          { value: 'before', label: 'Time before' },
          { value: 'none', label: 'Median alone' },
        ],
      },
    ],
    [FILTERS_FIELD],
    [
      {
        key: 'quantile',
        label: 'Tail from',
        tooltip: 'Quantile at which the tail begins.',
        control: 'number',
        default: 0.99,
        min: 0.5,
        max: 0.999,
      },
      {
        key: 'halfWidth',
        label: 'Half width',
        tooltip: 'Of the band around that quantile, in quantiles; 0 takes everything above.',
        control: 'number',
        default: 0,
        min: 0,
        max: 0.25,
      },
      {
        key: 'figure',
        label: 'Figure',
        tooltip: 'What an alert rule looks at, of each slow hop.',
        control: 'choice',
        default: 'effect',
        when: (_, isAlert) => isAlert,
        options: [
          { value: 'effect', label: 'Effect', description: 'On the tail, in ms' },
          { value: 'share', label: 'Share', description: 'Of the tail' },
          { value: 'orders', label: 'Orders', description: 'How many were touched' },
          { value: 'cost_bps', label: 'Cost in bps' },
          { value: 'cost', label: 'Cost in money' },
        ],
      },
      QUOTE_AGE_FIELD,
    ],
  ],
};

export const traceForm: QueryForm = {
  description: "One order's path; any of its ids finds the others",
  group: 'Latency',
  rows: [
    [
      { key: 'orderId', label: 'Order', control: 'text', placeholder: 'Id of an order' },
      { key: 'correlationId', label: 'Correlation', control: 'text', placeholder: 'Correlation id' },
      { key: 'traceId', label: 'Trace', control: 'text', placeholder: 'Trace id' },
    ],
  ],
};

export const marketOrUsForm: QueryForm = {
  description: "Whether a feed's delay is what the load of the market explains",
  group: 'Latency',
  rows: [
    [
      {
        key: 'quantile',
        label: 'Quantile',
        tooltip: 'Of the delays in a window.',
        control: 'number',
        default: 0.5,
        min: 0.01,
        max: 0.99,
      },
      {
        key: 'windowMs',
        label: 'Window (ms)',
        control: 'number',
        default: 250,
        min: 50,
        max: 60_000,
        isWhole: true,
      },
      {
        key: 'threshold',
        label: 'Threshold',
        tooltip: 'Robust deviations that are too many, in 2 of 3 windows.',
        control: 'number',
        default: 3.5,
        min: 1,
        max: 20,
      },
    ],
    [MARKET_FILTERS_FIELD],
  ],
};
