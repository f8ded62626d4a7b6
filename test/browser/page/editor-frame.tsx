/** Renders a data source plugin's query, config or variable editor, and reports what it changes. */
import React from 'react';
import type { DataSourcePlugin } from '@grafana/data';
import type { RenderRequest } from './grafana-page.tsx';

type AnyComponent = React.ComponentType<Record<string, unknown>>;
type AnyPlugin = DataSourcePlugin<never> & {
  readonly components: Record<string, AnyComponent>;
  readonly DataSourceClass: new (settings: unknown) => { variables?: { editor: AnyComponent }; [key: string]: unknown };
};

interface Props {
  readonly plugin: AnyPlugin;
  readonly request: RenderRequest;
  readonly onEvent: (event: unknown) => void;
}

export function EditorFrame({ plugin, request, onEvent }: Props) {
  const kind = String(request['editor'] ?? 'QueryEditor');
  const [query, setQuery] = React.useState(request['query'] ?? { refId: 'A' });
  const [options, setOptions] = React.useState(request['settings'] ?? SETTINGS);
  const datasource = React.useMemo(() => new plugin.DataSourceClass(SETTINGS), [plugin]);
  const Editor = (kind === 'VariableEditor' ? datasource.variables?.editor : plugin.components[kind]) as AnyComponent;
  const change = (next: unknown): void => {
    onEvent({ change: next });
    setQuery(next as object);
  };
  return (
    <div style={{ padding: 16 }}>
      <Editor
        datasource={datasource}
        query={query}
        onChange={change}
        onRunQuery={() => onEvent({ run: true })}
        onClickExample={(example: unknown) => onEvent({ example })}
        options={options}
        onOptionsChange={(next: unknown) => {
          onEvent({ settings: next });
          setOptions(next as object);
        }}
        app={request['app'] ?? 'explore'}
      />
    </div>
  );
}

const SETTINGS = {
  id: 1,
  uid: 'tapewatch',
  name: 'Tapewatch',
  type: 'tapewatch-trading-datasource',
  meta: { id: 'tapewatch-trading-datasource', info: {} },
  url: '',
  jsonData: {},
  secureJsonFields: {},
  readOnly: false,
  access: 'proxy',
};
