/**
 * The page that stands in for Grafana: shares the real @grafana libraries with a plugin by a small AMD loader, and
 * renders what the test asks for. `window.harness` is all that the test talks to.
 */
import React from 'react';
import { createRoot, type Root } from 'react-dom/client';
import * as reactDom from 'react-dom';
import * as emotion from '@emotion/css';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import * as lodash from 'lodash';
import * as rxjs from 'rxjs';
import * as rxjsOperators from 'rxjs/operators';
import { hoverElsewhere, PanelDataErrorView, PanelFrame } from './panel-frame.tsx';
import { EditorFrame } from './editor-frame.tsx';
import { fakeBackend } from './fake-backend.ts';
import { registerStandardOptions } from './standard-options.ts';

const shared: Record<string, unknown> = {
  '@emotion/css': emotion,
  '@grafana/data': grafanaData,
  '@grafana/runtime': { ...grafanaRuntime, PanelDataErrorView },
  '@grafana/ui': grafanaUi,
  lodash,
  react: React,
  'react-dom': reactDom,
  rxjs,
  'rxjs/operators': rxjsOperators,
};

type Exports = { readonly plugin?: unknown };

/** What a built module.js may ask for is exactly what is shared: anything else is an error, as in Grafana. */
async function loadPlugin(id: string): Promise<Exports> {
  const uri = `/public/plugins/${id}/module.js`;
  const asked: string[] = [];
  const exports = await new Promise<Exports>((resolve, reject) => {
    const define = (dependencies: readonly string[], factory: (...values: unknown[]) => Exports): void => {
      const values = dependencies.map((name) => {
        asked.push(name);
        if (name === 'module') return { uri };
        if (!(name in shared)) throw new Error(`${id} imports ${name}, which Grafana 12.2.0 does not share`);
        return shared[name];
      });
      resolve(factory(...values));
    };
    // Monaco's own loader may have put another `define` there.
    Object.assign(window, { define: Object.assign(define, { amd: {} }) });
    const script = Object.assign(document.createElement('script'), { src: uri });
    script.onerror = () => reject(new Error(`${uri} did not load`));
    document.head.append(script);
  });
  loaded.set(id, { exports, asked });
  return exports;
}

const loaded = new Map<string, { exports: Exports; asked: string[] }>();
let root: Root | undefined;

function show(theme: 'dark' | 'light', size: { width: number; height: number }, content: React.ReactNode): void {
  const element = document.getElementById('root') as HTMLElement;
  root?.unmount();
  root = createRoot(element);
  const theme2 = grafanaData.createTheme({ colors: { mode: theme } });
  grafanaRuntime.config.theme2 = theme2;
  document.body.style.background = theme2.colors.background.canvas;
  root.render(
    <grafanaData.ThemeContext.Provider value={theme2}>
      <grafanaUi.GlobalStyles />
      <grafanaUi.PortalContainer />
      <div
        id="frame"
        style={{
          width: size.width,
          height: size.height,
          background: theme2.colors.background.primary,
          color: theme2.colors.text.primary,
        }}
      >
        {content}
      </div>
    </grafanaData.ThemeContext.Provider>,
  );
}

export interface RenderRequest {
  readonly id: string;
  readonly theme: 'dark' | 'light';
  readonly width: number;
  readonly height: number;
  readonly [key: string]: unknown;
}

const harness = {
  events: [] as unknown[],
  hoverElsewhere,
  async inspect(id: string): Promise<Record<string, unknown>> {
    const { plugin } = await loadPlugin(id);
    const known = plugin as {
      constructor: { name: string };
      panel?: unknown;
      DataSourceClass?: unknown;
      components?: object;
    };
    return {
      isPanel: plugin instanceof grafanaData.PanelPlugin,
      isDataSource: plugin instanceof grafanaData.DataSourcePlugin,
      components: Object.keys(known.components ?? {}),
      asked: loaded.get(id)?.asked,
    };
  },
  async renderPanel(request: RenderRequest): Promise<void> {
    const { plugin } = await loadPlugin(request.id);
    show(
      request.theme,
      request,
      <PanelFrame
        plugin={plugin as grafanaData.PanelPlugin}
        request={request}
        onEvent={(event) => harness.events.push(event)}
      />,
    );
  },
  async renderEditor(request: RenderRequest): Promise<void> {
    const { plugin } = await loadPlugin(request.id);
    show(
      request.theme,
      request,
      <EditorFrame plugin={plugin as never} request={request} onEvent={(event) => harness.events.push(event)} />,
    );
  },
};
export type Harness = typeof harness;

registerStandardOptions();
fakeBackend(harness.events);
Object.assign(window, { harness });
