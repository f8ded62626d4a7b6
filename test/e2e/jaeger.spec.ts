/**
 * Grafana's own Jaeger data source over the sidecar's Jaeger API: its backend finds a stored trace and reads it, its front
 * end draws it. A Grafana that was built from source may lack that front end; then the backend alone is tested.
 */
import { expect, test, type APIRequestContext } from '@playwright/test';
import { api, signIn } from './grafana.ts';

const UID = 'tapewatch-traces';
const JAEGER = { type: 'jaeger', uid: UID };

interface Found {
  readonly service: string;
  readonly operation: string;
  readonly traceId: string;
}

interface Frame {
  readonly schema: {
    readonly fields: readonly { readonly name: string }[];
    readonly meta?: { readonly preferredVisualisationType?: string };
  };
  readonly data: { readonly values: readonly (readonly unknown[])[] };
}

async function query(request: APIRequestContext, document: Readonly<Record<string, unknown>>): Promise<Frame[]> {
  const response = await request.post('/api/ds/query', {
    headers: { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
    data: { from: 'now-15m', to: 'now', queries: [{ refId: 'A', datasource: JAEGER, ...document }] },
  });
  const { results } = (await response.json()) as { results: { A: { error?: string; frames?: Frame[] } } };
  expect(results.A.error).toBeUndefined();
  return results.A.frames ?? [];
}

/** The newest trace of the first service, asked as the data source's search form asks. */
async function newestTrace(request: APIRequestContext): Promise<Found> {
  const resources = `/api/datasources/uid/${UID}/resources/services`;
  const [service = ''] = await api<string[]>(request, resources);
  const [operation = ''] = await api<string[]>(request, `${resources}/${encodeURIComponent(service)}/operations`);
  const [frame] = await query(request, { queryType: 'search', service, operation, limit: 5 });
  return { service, operation, traceId: String(frame?.data.values[0]?.[0] ?? '') };
}

function explore(query: Readonly<Record<string, unknown>>): string {
  const panes = {
    one: {
      datasource: UID,
      queries: [{ refId: 'A', datasource: JAEGER, ...query }],
      range: { from: 'now-15m', to: 'now' },
    },
  };
  return `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

/** A data source whose front end is built is a module of its own; else Grafana looks for it among its core, in vain. */
async function hasFrontEnd(request: APIRequestContext): Promise<boolean> {
  const { module } = await api<{ module: string }>(request, '/api/plugins/jaeger/settings');
  return !module.startsWith('core:');
}

async function someTrace(request: APIRequestContext): Promise<Found> {
  let found: Found | undefined;
  await expect(async () => {
    found = await newestTrace(request);
    expect(found.traceId).toMatch(/^[0-9a-f]{32}$/);
  }).toPass({ timeout: 60_000 });
  return found as Found;
}

test('Save & test of the Jaeger data source reaches the sidecar', async ({ request }) => {
  const health = await api<{ status: string }>(request, `/api/datasources/uid/${UID}/health`);
  expect(health.status).toBe('OK');
});

test('a stored trace opens from Grafana’s Jaeger data source', async ({ request }) => {
  test.setTimeout(120_000);
  const { service, operation, traceId } = await someTrace(request);
  const [frame] = await query(request, { query: traceId });
  expect(frame?.schema.meta?.preferredVisualisationType).toBe('trace');
  const column = (name: string): readonly unknown[] =>
    frame?.data.values[frame.schema.fields.findIndex((field) => field.name === name)] ?? [];
  expect(new Set(column('traceID'))).toEqual(new Set([traceId]));
  expect(column('serviceName')).toContain(service);
  expect(column('operationName')).toContain(operation);
  expect(column('parentSpanID')).toContain(null);
});

test('Explore draws it', async ({ page, request }) => {
  test.setTimeout(120_000);
  test.skip(!(await hasFrontEnd(request)), 'this Grafana was built without the front end of its Jaeger data source');
  const { service, operation, traceId } = await someTrace(request);
  await signIn(page);
  await page.goto(explore({ query: traceId }));
  await expect(page.getByText(/\d+ spans/).first()).toBeVisible();
  await expect(page.getByText(service, { exact: true }).first()).toBeVisible();
  await expect(page.getByText(operation, { exact: true }).first()).toBeVisible();
});
