/** What the specs share: Grafana's HTTP API as admin, the board's address, and the demo's processes. */
import { readdirSync, readFileSync } from 'node:fs';
import type { APIRequestContext, Page } from '@playwright/test';

export const BOARD = '/d/tapewatch-trading-operations/trading-operations';
const ADMIN = { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` };

export async function api<T>(request: APIRequestContext, path: string): Promise<T> {
  const response = await request.get(path, { headers: ADMIN });
  if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`);
  return (await response.json()) as T;
}

interface Frame {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly data: { readonly values: readonly (readonly unknown[])[] };
}

/** Answers of the data source to one query document over the last five minutes. */
export async function ask(
  request: APIRequestContext,
  query: Readonly<Record<string, unknown>>,
): Promise<{ status: number; rows: number; fields: string[]; error: string | undefined }> {
  const response = await request.post('/api/ds/query', {
    headers: ADMIN,
    data: {
      from: 'now-5m',
      to: 'now',
      queries: [{ refId: 'A', datasource: { uid: 'tapewatch' }, intervalMs: 5_000, maxDataPoints: 100, ...query }],
    },
  });
  const body = (await response.json()) as {
    results?: { A?: { error?: string; frames?: Frame[] } };
  };
  const answer = body.results?.A;
  const rows = (answer?.frames ?? []).reduce((sum, frame) => sum + (frame.data.values[0]?.length ?? 0), 0);
  const fields = (answer?.frames ?? []).flatMap(({ schema }) => schema.fields.map(({ name }) => name));
  return { status: response.status(), rows, fields, error: answer?.error };
}

/** Signed in by the API, so that no login page and its theme come between. */
export async function signIn(page: Page): Promise<void> {
  const response = await page.request.post('/login', { data: { user: 'admin', password: 'admin' } });
  if (!response.ok()) throw new Error(`login: ${response.status()}`);
}

/** Ids of the demo's child processes whose command line holds `text`; empty when the demo is not ours. */
export function demoChildren(text: string): number[] {
  const demo = process.env['TAPEWATCH_DEMO_PID'];
  if (demo === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return parent === demo && readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
      } catch {
        return false; // ended meanwhile
      }
    })
    .map(Number);
}
