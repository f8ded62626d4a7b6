/**
 * The query editor: which type, and the type's own editor. Every field is kept when the type changes, so nothing typed
 * is lost; the data source sends the fields of the chosen type only.
 */
import React, { useEffect, useMemo } from 'react';
import { CoreApp } from '@grafana/data';
import { Alert, Combobox, InlineField, Stack } from '@grafana/ui';
import type { EditorProps } from '../lazy-editors.tsx';
import { FORMS, QUERY_TYPE_CHOICES } from '../form/forms.ts';
import { migrateQuery } from '../migrate-query.ts';
import { isUntouched, withQueryType, type TapewatchQuery } from '../query.ts';
import { FormEditor } from './FormEditor.tsx';
import { PromqlEditor, type TypedEditorProps } from './PromqlEditor.tsx';

/** Grafana sends the default in place of an empty query, so that is what the editor shows. */
function shownQuery(stored: TapewatchQuery): TapewatchQuery {
  const query = migrateQuery(stored);
  return query.queryType === 'promql' ? withQueryType(query, 'promql') : query;
}

const VARIABLE = /\$(?!__)\{?\w+/;

export function QueryEditor({ datasource, query: stored, app, onChange, onRunQuery }: EditorProps) {
  const query = useMemo(() => shownQuery(stored), [stored]);
  const type = query.queryType ?? 'promql';
  const typeId = `tapewatch-type-${query.refId}`;
  const run = (next: TapewatchQuery): void => {
    onChange(next);
    onRunQuery();
  };
  // Grafana shows the default in a new rule without keeping it: its preview would ask nothing. An alert compares numbers, so
  // one value for each series, without a reduce step.
  const isNewRule = app === CoreApp.UnifiedAlerting && isUntouched(query);
  useEffect(() => {
    if (isNewRule) onChange({ ...query, instant: true });
  }, [isNewRule]);
  const hasVariable = app === CoreApp.UnifiedAlerting && VARIABLE.test(JSON.stringify(query));
  const editing: TypedEditorProps = {
    ...{ query, metadata: datasource.metadata, app },
    onChange: (change) => onChange({ ...query, ...change }),
    onRun: (change) => run({ ...query, ...change }),
  };
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row">
        {/* The box itself takes no label for screen readers. */}
        <InlineField label="Type" htmlFor={typeId}>
          <Combobox
            id={typeId}
            options={QUERY_TYPE_CHOICES.map((option) => ({ ...option }))}
            value={type}
            onChange={(chosen) => run(withQueryType(query, chosen.value))}
            width={24}
          />
        </InlineField>
      </Stack>
      {type === 'promql' ? <PromqlEditor {...editing} /> : <FormEditor form={FORMS[type]} {...editing} />}
      {hasVariable && (
        <Alert severity="warning" title="Alert rules know no dashboard variables">
          Write the value itself. $__interval, $__rate_interval and $__range work here too.
        </Alert>
      )}
    </Stack>
  );
}
