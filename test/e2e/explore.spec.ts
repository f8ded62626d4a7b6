/** Explore runs a query, and the editor completes metrics. */
import { expect, test } from '@playwright/test';
import { signIn } from './grafana.ts';

/** Behind time and event. */
const ORDER_COLUMN = 2;

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

test('a percentile leads to the order behind it', async ({ page }) => {
  await signIn(page);
  const expr = 'histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[$__rate_interval])))';
  await page.goto(pane({ queryType: 'promql', expr, legendFormat: '{{venue}}', exemplar: true }));
  await page.getByTestId('data-testid Exemplar marker').first().click({ force: true });
  await page.getByText('Steps of this order').click();
  await expect(page.getByRole('columnheader', { name: /order_?id/i }).first()).toBeVisible();
  await expect(page.getByRole('cell', { name: 'ack', exact: true }).first()).toBeVisible();
});

test('a row of an order leads to its path, drawn as a trace', async ({ page }) => {
  await signIn(page);
  await page.goto(pane({ queryType: 'events', table: 'orders', limit: 200 }));
  const filled = page.getByRole('row').filter({ has: page.getByRole('cell', { name: 'fill', exact: true }) });
  await filled.first().getByRole('cell').nth(ORDER_COLUMN).click();
  await page.getByText('Path of this order').click();
  await expect(page.getByText(/\d+ spans/).first()).toBeVisible();
  await expect(page.getByText('sent → ack').first()).toBeVisible();
});

test('a wrong name is underlined', async ({ page }) => {
  await signIn(page);
  await page.goto(pane({ queryType: 'promql', expr: 'sum(rated(fills_total[1m]))' }));
  await expect(page.locator('.squiggly-error').first()).toBeAttached();
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
