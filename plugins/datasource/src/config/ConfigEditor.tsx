/** The data source's settings: one secret, two preferences, and where the sidecar is found. */
import React from 'react';
import { Alert, Combobox, Field, FieldSet, Input, SecretInput, TextLink } from '@grafana/ui';
import type { TapewatchOptions, TapewatchSecrets } from '../datasource.ts';
import type { ConfigProps } from '../lazy-editors.tsx';
import { QUERY_TYPE_CHOICES } from '../form/forms.ts';
import { TraceLinks } from './TraceLinks.tsx';

const WIDTH = 50;
const DURATION = /^(\d+(ms|s|m|h|d|w|y))+$/;

export function ConfigEditor({ options, onOptionsChange }: ConfigProps) {
  const { jsonData, secureJsonFields, secureJsonData, readOnly } = options;
  const setJson = (part: Partial<TapewatchOptions>): void =>
    onOptionsChange({ ...options, jsonData: { ...jsonData, ...part } });
  const setToken = (token: string, isConfigured: boolean): void =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...secureJsonFields, token: isConfigured },
      secureJsonData: { ...secureJsonData, token } satisfies TapewatchSecrets,
    });
  const minInterval = jsonData.minInterval ?? '1s';
  return (
    <>
      <HowToReach />
      <FieldSet label="Connection" disabled={readOnly}>
        <Field
          label="Token"
          description="The sidecar's setting grafana.tokenFiles names where it is kept; empty where the sidecar asks for none. Provisioning: secureJsonData.token."
        >
          <SecretInput
            id="tapewatch-token"
            width={WIDTH}
            isConfigured={secureJsonFields?.['token'] === true}
            value={secureJsonData?.token ?? ''}
            placeholder="Token of the sidecar"
            onChange={(event) => setToken(event.currentTarget.value, false)}
            onReset={() => setToken('', false)}
            disabled={readOnly}
          />
        </Field>
      </FieldSet>
      <FieldSet label="Queries" disabled={readOnly}>
        <Field
          label="Minimum interval"
          description="No range query has a smaller step. Provisioning: jsonData.minInterval, default 1s."
          invalid={!DURATION.test(minInterval)}
          error={`"${minInterval}" is no duration; write one such as 500ms, 1s or 1m.`}
        >
          <Input
            id="tapewatch-min-interval"
            width={WIDTH}
            value={minInterval}
            onChange={(event) => setJson({ minInterval: event.currentTarget.value })}
            disabled={readOnly}
          />
        </Field>
        <Field label="New queries begin as" description="Provisioning: jsonData.defaultEditor, default promql.">
          <Combobox
            id="tapewatch-default-editor"
            width={WIDTH}
            options={QUERY_TYPE_CHOICES.map((option) => ({ ...option }))}
            value={jsonData.defaultEditor ?? 'promql'}
            onChange={({ value }) => setJson({ defaultEditor: value })}
            disabled={readOnly}
          />
        </Field>
      </FieldSet>
      <TraceLinks
        destinations={jsonData.exemplarTraceIdDestinations ?? []}
        onChange={(exemplarTraceIdDestinations) => setJson({ exemplarTraceIdDestinations })}
        disabled={readOnly === true}
      />
      <TextLink href="https://prometheus.io/docs/prometheus/latest/querying/basics/" external>
        PromQL in Prometheus&apos; documentation
      </TextLink>
    </>
  );
}

function HowToReach() {
  return (
    <Alert severity="info" title="How Grafana reaches the sidecar">
      The executable of this plugin prints the address of the Tapewatch sidecar and stays alive; queries go straight to
      the sidecar. By default that is the unix socket /run/tapewatch/grafana.sock, on a volume that both share. Another
      place is set in Grafana&apos;s configuration: <code>[plugin.tapewatch-trading-datasource] socket = …</code>. Save
      &amp; test says which sidecar answered.
    </Alert>
  );
}
