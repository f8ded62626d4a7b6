/**
 * The provisioned Grafana rule goes from Normal to Firing and back. The demo that `npm run e2e` starts makes venues slow
 * every two and a half minutes; with a Grafana of your own the test needs such an incident within four minutes.
 */
import { expect, test } from '@playwright/test';
import { api, signIn } from './grafana.ts';

interface Rules {
  readonly data: { groups: { rules: { name: string; state: string; health: string; lastError?: string }[] }[] };
}

test('Normal, Firing, Normal', async ({ request }) => {
  test.setTimeout(600_000);
  const state = async (): Promise<string> => {
    const { data } = await api<Rules>(request, '/api/prometheus/grafana/api/v1/rules');
    const rule = data.groups.flatMap(({ rules }) => rules).find(({ name }) => name === 'Order acknowledgement is slow');
    if (rule === undefined) return 'missing';
    return rule.health === 'error' ? `error: ${rule.lastError ?? ''}` : rule.state;
  };
  const wait = { timeout: 240_000, intervals: [2_000] };
  await expect.poll(state, wait).toBe('inactive');
  await expect.poll(state, wait).toBe('firing');
  await expect.poll(state, wait).toBe('inactive');
});

test('a new rule shows a query, and its preview answers it', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page);
  await page.goto('/alerting/new/alerting');
  // The editor of rules and Monaco are Grafana's largest parts: the first page that asks for them waits.
  await expect(page.locator('.monaco-editor').first()).toContainText('order_ack_seconds', { timeout: 90_000 });
  await expect(page.getByRole('switch', { name: 'Instant' })).toBeChecked();
  await page.getByRole('button', { name: /^preview/i }).click();
  await expect(page.getByText('XNAS').first()).toBeVisible();
});

test('its contact point is there and is read-only', async ({ request }) => {
  const points = await api<{ uid: string; type: string; provenance: string }[]>(
    request,
    '/api/v1/provisioning/contact-points',
  );
  expect(points).toContainEqual(
    expect.objectContaining({ uid: 'tapewatch-webhook', type: 'webhook', provenance: 'file' }),
  );
});
