/** Editors load when they are opened: a dashboard that is only looked at never fetches them. */
import React, { lazy, Suspense } from 'react';
import type { DataSourcePluginOptionsEditorProps, QueryEditorHelpProps, QueryEditorProps } from '@grafana/data';
import { LoadingPlaceholder } from '@grafana/ui';
import type { TapewatchDatasource, TapewatchOptions, TapewatchSecrets } from './datasource.ts';
import type { TapewatchQuery } from './query.ts';
import type { VariableQuery } from './variable/variable-query.ts';

export type EditorProps = QueryEditorProps<TapewatchDatasource, TapewatchQuery, TapewatchOptions>;
export type VariableEditorProps = QueryEditorProps<
  TapewatchDatasource,
  TapewatchQuery,
  TapewatchOptions,
  VariableQuery
>;
export type ConfigProps = DataSourcePluginOptionsEditorProps<TapewatchOptions, TapewatchSecrets>;
export type HelpProps = QueryEditorHelpProps<TapewatchQuery>;

export const QueryEditor = onDemand<EditorProps>(
  async () => (await import(/* webpackChunkName: "query-editor" */ './editor/QueryEditor.tsx')).QueryEditor,
);
export const QueryHelp = onDemand<HelpProps>(
  async () => (await import(/* webpackChunkName: "query-help" */ './editor/QueryHelp.tsx')).QueryHelp,
);
export const ConfigEditor = onDemand<ConfigProps>(
  async () => (await import(/* webpackChunkName: "config-editor" */ './config/ConfigEditor.tsx')).ConfigEditor,
);
export const VariableEditor = onDemand<VariableEditorProps>(
  async () => (await import(/* webpackChunkName: "variable-editor" */ './variable/VariableEditor.tsx')).VariableEditor,
);

function onDemand<P extends object>(load: () => Promise<React.ComponentType<P>>): React.ComponentType<P> {
  const Loaded = lazy(async () => ({ default: await load() })) as unknown as React.ComponentType<P>;
  return function OnDemand(props: P) {
    return (
      <Suspense fallback={<LoadingPlaceholder text="Loading editor" />}>
        <Loaded {...props} />
      </Suspense>
    );
  };
}
