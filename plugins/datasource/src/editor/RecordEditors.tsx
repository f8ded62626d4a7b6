/** The two query types that read rows: alerts and events. */
import React from 'react';
import { AutoSizeInput, Combobox, InlineField, RadioButtonGroup, Stack } from '@grafana/ui';
import { namesOrders, type AlertState, type EventTableName } from '../query.ts';
import type { TypedEditorProps } from './PromqlEditor.tsx';

const STATES: { value: AlertState; label: string; description: string }[] = [
  { value: 'active', label: 'Active', description: 'Pending and firing' },
  { value: 'firing', label: 'Firing', description: 'Firing now' },
  { value: 'pending', label: 'Pending', description: 'The condition holds, not yet long enough' },
  { value: 'history', label: 'History', description: 'Every change of state in the range' },
];

export function AlertsEditor({ query, onRun }: TypedEditorProps) {
  return (
    <InlineField label="State">
      <RadioButtonGroup options={STATES} value={query.state ?? 'active'} onChange={(state) => onRun({ state })} />
    </InlineField>
  );
}

const TABLES: { value: EventTableName; label: string; description: string }[] = [
  { value: 'orders', label: 'Orders', description: 'Steps of the order life cycle' },
  { value: 'fills', label: 'Fills', description: 'Executions with fees' },
  { value: 'quotes', label: 'Quotes', description: 'Top of book' },
  { value: 'health_results', label: 'Health results', description: 'What components say of themselves' },
  { value: 'events', label: 'Business events', description: 'What services report, with its context' },
  { value: 'dead_letters', label: 'Dead letters', description: 'Messages that could not be read, with the reason' },
];

/** The sidecar's limits. */
const LIMITS = { default: 500, max: 10_000 };

export function EventsEditor({ query, onRun }: TypedEditorProps) {
  return (
    <Stack direction="row" gap={1} wrap="wrap">
      <InlineField label="Table">
        <Combobox
          options={TABLES}
          value={query.table ?? 'orders'}
          onChange={({ value }) => onRun({ table: value })}
          width={24}
          aria-label="Table"
        />
      </InlineField>
      <InlineField label="Limit" tooltip="The newest rows of the range.">
        <AutoSizeInput
          type="number"
          min={1}
          max={LIMITS.max}
          defaultValue={query.limit ?? LIMITS.default}
          minWidth={10}
          onCommitChange={(event) => {
            const limit = Math.round(Number(event.currentTarget.value));
            if (limit >= 1 && limit <= LIMITS.max) onRun({ limit });
          }}
        />
      </InlineField>
      {namesOrders(query.table) && (
        <InlineField label="Order" tooltip="The id of one order; empty means all. Exemplars lead here.">
          <AutoSizeInput
            defaultValue={query.orderId ?? ''}
            placeholder="All"
            minWidth={16}
            onCommitChange={(event) => onRun({ orderId: event.currentTarget.value.trim() })}
            aria-label="Order"
          />
        </InlineField>
      )}
    </Stack>
  );
}
