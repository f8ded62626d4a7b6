/** The data source: healthy, and it answers every kind of query that the board asks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { api, ask, signIn } from './grafana.ts';

test('Save & test says what it reached', async ({ page }) => {
  await signIn(page);
  await page.goto('/connections/datasources/edit/tapewatch');
  await page.getByRole('button', { name: /^(save & test|test)$/i }).click();
  await expect(page.getByTestId('data-testid Alert success')).toContainText(/tapewatch/i);
});

test('answers each kind of query', async ({ request }) => {
  test.setTimeout(240_000);
  const queries = [
    { queryType: 'promql', expr: 'sum by (venue) (rate(order_ack_seconds[1m]))', format: 'heatmap' },
    { queryType: 'promql', expr: 'histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[1m])))' },
    { queryType: 'promql', expr: 'sum(rate(fills_total[1m]))', instant: true },
    { queryType: 'slippage' },
    { queryType: 'pnl', format: 'time_series' },
    { queryType: 'pnl', format: 'equity' },
    ...['table', 'time_series', 'tracker'].map((format) => ({ queryType: 'performance', format })),
    ...['table', 'portfolio'].map((format) => ({ queryType: 'risk', format })),
    ...['table', 'time_series'].map((format) => ({ queryType: 'execution', format })),
    { queryType: 'markouts' },
    { queryType: 'impact' },
    ...['table', 'time_series', 'profile'].map((format) => ({ queryType: 'market', format })),
    { queryType: 'latency_attribution' },
    { queryType: 'market_or_us' },
    { queryType: 'events', table: 'orders', limit: 10 },
    { queryType: 'events', table: 'spans', limit: 10 },
    { queryType: 'sql', rawSql: 'SELECT venue, count(*) AS fills FROM fills WHERE $__timeFilter(time) GROUP BY ALL' },
  ];
  for (const query of queries) {
    await expect(async () => {
      const { rows, error } = await ask(request, query);
      const shown = JSON.stringify(query);
      expect(error, shown).toBeUndefined();
      expect(rows, shown).toBeGreaterThan(0);
      // The slowest hundredth needs 5,000 orders, which a desk that has just begun has after half a minute.
    }).toPass({ timeout: 90_000 });
  }
});

test('a wrong expression is an error that points at the place', async ({ request }) => {
  const { error } = await ask(request, { queryType: 'promql', expr: 'sum(rate(fills_total[1m])' });
  expect(error).toMatch(/1:\d+|position|unexpected|expected/i);
});

test('our rules are listed under Alerting by the core data source', async ({ request }) => {
  const listed = await api<{ data: { groups: { name: string; rules: { name: string }[] }[] } }>(
    request,
    '/api/prometheus/tapewatch-rules/api/v1/rules',
  );
  const rules = listed.data.groups.flatMap((group) => group.rules.map(({ name }) => name));
  const file = readFileSync(join(__dirname, '../../provisioning/tapewatch/rules/trading.yaml'), 'utf8');
  const expected = [...file.matchAll(/- alert: (\w+)/g)].map((found) => found[1]);
  expect(rules).toEqual(expect.arrayContaining(expected));
});
