/** Answers resource calls as the sidecar does, and records them. Everything else is refused and so seen by the test. */
import { of, throwError } from 'rxjs';
import { config, setBackendSrv, setDataSourceSrv, setTemplateSrv } from '@grafana/runtime';

const METRICS = [
  {
    name: 'order_ack_seconds',
    kind: 'distribution',
    unit: 'seconds',
    help: 'Order sent to acknowledged by the venue.',
  },
  { name: 'order_fill_seconds', kind: 'distribution', unit: 'seconds', help: 'Order sent to completely filled.' },
  { name: 'order_rejects_total', kind: 'counter', unit: '1', help: 'Orders rejected, by reason.' },
  { name: 'quote_mid', kind: 'gauge', unit: 'currency', help: 'Mid price.' },
];

const FUNCTIONS = [
  { name: 'rate', signature: 'rate(v range-vector)', help: 'Per-second increase.' },
  {
    name: 'histogram_quantile',
    signature: 'histogram_quantile(q scalar, h)',
    help: 'Quantile of a histogram.',
  },
];

/** As the sidecar's parser finds it: a function that there is not. */
function problemsOf(expr: string): unknown[] {
  const from = expr.indexOf('rated');
  const message = 'unknown function with name "rated"; did you mean "rate"?';
  return from === -1 ? [] : [{ severity: 'error', message, from, to: from + 'rated'.length }];
}

function answer(path: string, parameters: Record<string, unknown>): unknown {
  switch (path.split('/resources/')[1]?.split('?')[0]) {
    case 'metrics':
      return { metrics: METRICS };
    case 'labels':
      return { labels: ['__name__', 'venue', 'strategy'] };
    case 'label-values':
      return { values: parameters['name'] === 'venue' ? ['XNAS', 'BATS'] : ['arb', 'maker'] };
    case 'functions':
      return { functions: FUNCTIONS };
    case 'problems':
      return { problems: problemsOf(String(parameters['expr'])) };
    case 'dimensions':
      return { values: ['arb', 'maker'] };
    default:
      return undefined;
  }
}

/** One data source of traces, as the picker of data sources asks for them. */
const TRACES = {
  ...{ uid: 'tempo', name: 'Traces', type: 'tempo', readOnly: false, access: 'proxy', jsonData: {} },
  meta: { id: 'tempo', name: 'Tempo', tracing: true, info: { logos: { small: '' } } },
};

export function fakeBackend(events: unknown[]): void {
  setBackendSrv({
    fetch: ({ url, params = {} }: { url: string; params?: Record<string, unknown> }) => {
      events.push({ request: url, params });
      const data = answer(url, params);
      return data === undefined
        ? throwError(() => ({ status: 404, statusText: `no answer for ${url}`, data: {} }))
        : of({
            data,
            status: 200,
            ok: true,
            headers: new Headers(),
            config: { url },
            url,
            redirected: false,
            type: 'basic',
          });
    },
  } as never);
  setTemplateSrv({
    replace: (text?: string) => text ?? '',
    getVariables: () => [],
    containsTemplate: (text?: string) => (text ?? '').includes('$'),
    updateTimeRange: () => undefined,
  } as never);
  setDataSourceSrv({
    getList: ({ tracing }: { tracing?: boolean }) => (tracing === true ? [TRACES] : []),
    getInstanceSettings: (key?: string) => (key === TRACES.uid || key === TRACES.name ? TRACES : undefined),
  } as never);
  config.bootData ??= {} as never;
}
