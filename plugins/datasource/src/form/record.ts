/** Forms of the queries that read rows: alerts and events. */
import { namesOrders } from '../query.ts';
import { FORMAT_FIELD, type QueryForm } from './field.ts';

export const alertsForm: QueryForm = {
  description: "The sidecar's own alerts",
  group: 'Records',
  rows: [
    [
      {
        key: 'state',
        label: 'State',
        control: 'choice',
        default: 'active',
        options: [
          { value: 'active', label: 'Active', description: 'Pending and firing' },
          { value: 'firing', label: 'Firing', description: 'Firing now' },
          { value: 'pending', label: 'Pending', description: 'The condition holds, not yet long enough' },
          { value: 'history', label: 'History', description: 'Every change of state in the range' },
        ],
      },
    ],
  ],
};

export const eventsForm: QueryForm = {
  description: 'Orders, fills, quotes, spans and every other row that was taken in',
  group: 'Records',
  rows: [
    [
      {
        key: 'table',
        label: 'Table',
        control: 'choice',
        default: 'orders',
        options: [
          { value: 'orders', label: 'Orders', description: 'Steps of the order life cycle' },
          { value: 'fills', label: 'Fills', description: 'Executions with fees' },
          { value: 'quotes', label: 'Quotes', description: 'Top of book' },
          { value: 'market_trades', label: 'Market trades', description: 'Prints of the venues' },
          { value: 'book_levels', label: 'Book levels', description: 'Depth behind the top of book' },
          { value: 'positions', label: 'Positions', description: 'What accounts hold, as they report it' },
          { value: 'signals', label: 'Signals', description: 'Decisions of agents, with confidence and outcome' },
          { value: 'cash_flows', label: 'Cash flows', description: 'Deposits, withdrawals, funding' },
          { value: 'fx_rates', label: 'Exchange rates', description: 'Of one currency in another' },
          { value: 'exchange_status', label: 'Exchange status', description: 'Connections, errors, requests left' },
          { value: 'spans', label: 'Spans', description: 'Steps of traces' },
          { value: 'health_results', label: 'Health results', description: 'What components say of themselves' },
          { value: 'events', label: 'Business events', description: 'What services report, with its context' },
          {
            value: 'dead_letters',
            label: 'Dead letters',
            description: 'Messages that could not be read, with the reason',
          },
        ],
      },
      {
        key: 'limit',
        label: 'Limit',
        tooltip: 'The newest rows of the range.',
        control: 'number',
        default: 500,
        min: 1,
        max: 10_000,
        isWhole: true,
      },
      {
        key: 'orderId',
        label: 'Order',
        tooltip: 'The id of one order; empty means all. Exemplars lead here.',
        control: 'text',
        placeholder: 'All',
        when: namesOrders,
      },
    ],
  ],
};

export const sqlForm: QueryForm = {
  description: 'One SELECT over the event tables, read-only',
  group: 'Records',
  rows: [
    [{ key: 'rawSql', label: 'Statement', control: 'sql' }],
    [
      FORMAT_FIELD,
      {
        key: 'lookback',
        label: 'Rows from',
        tooltip: 'How far before the range the tables begin, such as 1h.',
        control: 'text',
        placeholder: '1h',
        default: '1h',
      },
    ],
  ],
};
