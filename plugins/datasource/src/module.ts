/** The plugin's entry. */
import { DataSourcePlugin } from '@grafana/data';
import { TapewatchDatasource, type TapewatchOptions, type TapewatchSecrets } from './datasource.ts';
import { ConfigEditor, QueryEditor, QueryHelp } from './lazy-editors.tsx';
import type { TapewatchQuery } from './query.ts';

export const plugin = new DataSourcePlugin<TapewatchDatasource, TapewatchQuery, TapewatchOptions, TapewatchSecrets>(
  TapewatchDatasource,
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
