/** The links from an exemplar's label to its trace, as a list that can be added to. */
import React from 'react';
import { DataSourcePicker } from '@grafana/runtime';
import { Button, Field, FieldSet, IconButton, Input, Stack, Text } from '@grafana/ui';
import type { TraceDestination } from '@tapewatch/contract';

const LABEL_WIDTH = 20;
const TARGET_WIDTH = 30;

interface TraceLinksProps {
  readonly destinations: readonly TraceDestination[];
  readonly onChange: (destinations: TraceDestination[]) => void;
  readonly disabled: boolean;
}

export function TraceLinks({ destinations, onChange, disabled }: TraceLinksProps) {
  const change = (index: number, part: Partial<TraceDestination>): void =>
    onChange(destinations.map((one, i) => (i === index ? { ...one, ...part } : one)));
  return (
    <FieldSet label="Exemplars" disabled={disabled}>
      <Stack direction="column" gap={2} alignItems="flex-start">
        <Text color="secondary">
          Where a label of an exemplar leads to. Provisioning: jsonData.exemplarTraceIdDestinations.
        </Text>
        {destinations.map((destination, index) => (
          <TraceLink
            key={index}
            {...{ destination, index, disabled }}
            onChange={(part) => change(index, part)}
            onRemove={() => onChange(destinations.filter((_, i) => i !== index))}
          />
        ))}
        <Button
          variant="secondary"
          icon="plus"
          disabled={disabled}
          onClick={() => onChange([...destinations, { name: 'trace_id' }])}
        >
          Link a label
        </Button>
      </Stack>
    </FieldSet>
  );
}

interface TraceLinkProps {
  readonly destination: TraceDestination;
  readonly index: number;
  readonly disabled: boolean;
  readonly onChange: (part: Partial<TraceDestination>) => void;
  readonly onRemove: () => void;
}

function TraceLink({ destination, index, disabled, onChange, onRemove }: TraceLinkProps) {
  const { name, datasourceUid, url = '' } = destination;
  return (
    <Stack alignItems="center">
      <Field label="Label" noMargin>
        <Input
          id={`tapewatch-trace-label-${index}`}
          width={LABEL_WIDTH}
          value={name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
      </Field>
      <Field label="Data source of traces" noMargin>
        <DataSourcePicker
          tracing
          noDefault
          width={TARGET_WIDTH}
          inputId={`tapewatch-trace-source-${index}`}
          current={datasourceUid ?? null}
          disabled={disabled}
          onChange={({ uid }) => onChange({ datasourceUid: uid })}
        />
      </Field>
      <Field label="Or address" noMargin>
        <Input
          id={`tapewatch-trace-url-${index}`}
          width={TARGET_WIDTH}
          value={url}
          placeholder="https://traces/${__value.raw}"
          onChange={(event) => onChange({ url: event.currentTarget.value })}
        />
      </Field>
      <IconButton name="trash-alt" aria-label={`Remove the link of ${name}`} disabled={disabled} onClick={onRemove} />
    </Stack>
  );
}
