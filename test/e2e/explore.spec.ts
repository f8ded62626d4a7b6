/** Explore runs a query, and the editor completes metrics. */
import { expect, test } from '@playwright/test';
import { signIn } from './grafana.ts';

function pane(query: Readonly<Record<string, unknown>>): string {
  const panes = {
    one: {
      datasource: 'tapewatch',
      queries: [{ refId: 'A', datasource: { type: 'tapewatch-trading-datasource', uid: 'tapewatch' }, ...query }],
      range: { from: 'now-5m', to: 'now' },
    },
  };
  return `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

test('Explore draws a PromQL query', async ({ page }) => {
  await signIn(page);
  await page.goto(
    pane({ queryType: 'promql', expr: 'sum by (venue) (rate(fills_total[1m]))', legendFormat: '{{venue}}' }),
  );
  await expect(page.getByRole('button', { name: 'XNAS' }).first()).toBeVisible();
});

test('Explore shows orders as a table', async ({ page }) => {
  await signIn(page);
  await page.goto(pane({ queryType: 'events', table: 'orders', limit: 20 }));
  await expect(page.getByRole('columnheader', { name: /order_?id/i }).first()).toBeVisible();
});

test('the editor completes a metric', async ({ page }) => {
  await signIn(page);
  await page.goto(pane({ queryType: 'promql', expr: '' }));
  const editor = page.locator('.monaco-editor').first();
  await editor.click();
  await page.keyboard.type('order_ac', { delay: 40 });
  await expect(page.locator('.suggest-widget').getByText('order_ack_seconds').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(editor).toContainText('order_ack_seconds');
});
