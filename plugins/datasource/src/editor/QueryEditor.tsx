/**
 * The query editor: which type, and the type's own editor. Every field is kept when the type changes, so nothing typed
 * is lost; the data source sends the fields of the chosen type only.
 */
import React, { useMemo } from 'react';
import { CoreApp } from '@grafana/data';
import type { QueryType } from '@tapewatch/contract';
import { Alert, RadioButtonGroup, Stack } from '@grafana/ui';
import type { EditorProps } from '../lazy-editors.tsx';
import { migrateQuery } from '../migrate-query.ts';
import { QUERY_TYPES, withQueryType, type TapewatchQuery } from '../query.ts';
import { PromqlEditor, type TypedEditorProps } from './PromqlEditor.tsx';
import { AlertsEditor, EventsEditor } from './RecordEditors.tsx';
import { TradingEditor } from './TradingEditor.tsx';

const EDITORS: Record<QueryType, React.ComponentType<TypedEditorProps>> = {
  promql: PromqlEditor,
  slippage: TradingEditor,
  pnl: TradingEditor,
  alerts: AlertsEditor,
  events: EventsEditor,
};

const VARIABLE = /\$(?!__)\{?\w+/;

export function QueryEditor({ datasource, query: stored, app, onChange, onRunQuery }: EditorProps) {
  const query = useMemo(() => migrateQuery(stored), [stored]);
  const type = query.queryType ?? 'promql';
  const Editor = EDITORS[type];
  const run = (next: TapewatchQuery): void => {
    onChange(next);
    onRunQuery();
  };
  const hasVariable = app === CoreApp.UnifiedAlerting && VARIABLE.test(JSON.stringify(query));
  return (
    <Stack direction="column" gap={1}>
      {/* No label in sight: beside one the row would not fit into half of a split Explore. */}
      <Stack direction="row">
        <RadioButtonGroup
          options={QUERY_TYPES.map((option) => ({ ...option }))}
          value={type}
          onChange={(chosen) => run(withQueryType(query, chosen))}
          aria-label="Query type"
        />
      </Stack>
      <Editor
        query={query}
        metadata={datasource.metadata}
        app={app}
        onChange={(change) => onChange({ ...query, ...change })}
        onRun={(change) => run({ ...query, ...change })}
      />
      {hasVariable && (
        <Alert severity="warning" title="Alert rules know no dashboard variables">
          Write the value itself. $__interval, $__rate_interval and $__range work here too.
        </Alert>
      )}
    </Stack>
  );
}
