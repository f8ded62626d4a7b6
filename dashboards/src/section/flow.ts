/** Order flow: how much, what becomes of it, and what goes wrong. */
import { fixed, named, PER_SECOND } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { eventRate, FILTER, promql } from '../target.ts';

/** What goes out is blue, what is done green, what is taken back yellow, what is refused red. */
const STEP_COLORS = Object.entries({
  new: 'blue',
  ack: 'light-blue',
  fill: 'green',
  partial_fill: 'light-green',
  cancel: 'yellow',
  cancel_ack: 'light-yellow',
  replace: 'purple',
  expire: 'orange',
  reject: 'red',
}).map(([event, color]) => named(event, { color: fixed(color) }));

export const flow: Section = {
  id: 200,
  title: 'Orders, fills and errors',
  panels: [
    timeSeries({
      id: 20,
      title: 'Order steps',
      description: 'Steps of the order life cycle a second: new, acknowledged, filled, cancelled, rejected.',
      w: 8,
      h: 8,
      unit: PER_SECOND,
      overrides: STEP_COLORS,
      targets: [
        promql('A', `sum by (event) (${eventRate(`order_events_total{${FILTER}}`)})`, {
          legendFormat: '{{event}}',
        }),
      ],
    }),
    timeSeries({
      id: 21,
      title: 'Fills by venue',
      description: 'Executions a second for each venue.',
      w: 8,
      h: 8,
      unit: PER_SECOND,
      targets: [promql('A', `sum by (venue) (${eventRate(`fills_total{${FILTER}}`)})`, { legendFormat: '{{venue}}' })],
    }),
    timeSeries({
      id: 22,
      title: 'Orders in flight',
      description:
        'Orders that were sent and have no final answer. A line that climbs and does not come down is a venue that has stopped answering.',
      w: 8,
      h: 8,
      unit: 'short',
      targets: [promql('A', `sum by (venue) (desk_orders_in_flight{${FILTER}})`, { legendFormat: '{{venue}}' })],
    }),
    timeSeries({
      id: 23,
      title: 'Rejects by reason',
      description: 'Rejected orders a second, by the reason that came with the reject.',
      w: 8,
      h: 7,
      unit: PER_SECOND,
      style: 'bars',
      stack: true,
      targets: [
        promql('A', `sum by (reason) (${eventRate(`order_rejects_total{${FILTER}}`)})`, {
          legendFormat: '{{reason}}',
        }),
      ],
    }),
    timeSeries({
      id: 24,
      title: 'Errors by component',
      description: "Errors a second that the desk's components count about themselves.",
      w: 8,
      h: 7,
      unit: PER_SECOND,
      softMax: 1,
      style: 'bars',
      stack: true,
      targets: [
        promql('A', 'sum by (component) (rate(desk_errors_total[$__rate_interval]))', {
          legendFormat: '{{component}}',
        }),
      ],
    }),
    timeSeries({
      id: 25,
      title: 'Traded notional per minute',
      description: 'Quantity times price of the executions, a minute, by strategy.',
      w: 8,
      h: 7,
      unit: 'currencyUSD',
      stack: true,
      targets: [
        promql('A', `60 * sum by (strategy) (${eventRate(`traded_notional_total{${FILTER}}`)})`, {
          legendFormat: '{{strategy}}',
        }),
      ],
    }),
  ],
};
