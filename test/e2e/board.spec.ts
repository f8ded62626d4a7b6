/** The provisioned boards are live in both themes: every panel draws, none complains. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Locator } from '@playwright/test';
import { ask, BOARD } from './grafana.ts';

interface BoardPanel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly Readonly<Record<string, unknown>>[];
  readonly transformations?: readonly { readonly options: { readonly indexByName?: object } }[];
}

/** Panels of a board, in its own order. */
function panelsOf(name: string): BoardPanel[] {
  const file = join(__dirname, `../../dashboards/json/${name}.json`);
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: BoardPanel[] };
  return panels.filter(({ type }) => type !== 'row');
}

/** Empty while nothing is wrong, which is what they are for. */
const MAY_BE_EMPTY = new Set([
  'Active now',
  'What happened',
  'Feed gaps in the last minute',
  'Errors by component',
  'Rejects by reason',
  'Failures of agents',
  'What could be improved',
]);

/** True once the answer is there: a chart, or a text that is not "No data". */
async function isDrawn(panel: Locator): Promise<boolean> {
  const content = panel.getByTestId('data-testid panel content');
  if ((await content.locator('canvas').count()) > 0) return true;
  const text = (await content.innerText()).trim();
  return text !== '' && text !== 'No data';
}

const BOARDS = ['trading-operations', 'trading-analytics'];
/** Of the platform under the desk: charts like the others', so one theme is enough. */
const PLATFORM_BOARDS = ['services', 'business', 'development'];
const SHOWN = [
  ...BOARDS.flatMap((name) => (['dark', 'light'] as const).map((theme) => ({ name, theme }))),
  ...PLATFORM_BOARDS.map((name) => ({ name, theme: 'dark' })),
];

for (const { name, theme } of SHOWN) {
  test(`${name}: every panel draws without an error (${theme})`, async ({ page }) => {
    test.setTimeout(240_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.setViewportSize({ width: 1600, height: 1000 });
    // A slow machine must not be asked again before it has answered.
    await page.goto(`/d/tapewatch-${name}/x?theme=${theme}&kiosk&from=now-5m&to=now&refresh=1m`);
    await expect(page.locator('body')).toHaveClass(new RegExp(`theme-${theme}`));
    for (const { title: written } of panelsOf(name)) {
      const title = written.replace('$node', 'node-1');
      const panel = page.getByTestId(`data-testid Panel header ${title}`).first();
      // Rows further down are not there before they are near.
      await expect(async () => {
        await page.mouse.wheel(0, (await panel.count()) === 0 ? 600 : 0);
        await panel.scrollIntoViewIfNeeded({ timeout: 1_000 });
      }, title).toPass();
      await expect(panel.getByTestId('data-testid Panel status error'), title).toHaveCount(0);
      if (MAY_BE_EMPTY.has(title)) continue;
      await expect.poll(async () => isDrawn(panel), { message: title }).toBe(true);
      await expect(panel.getByText('No data', { exact: true }), title).toHaveCount(0);
    }
    expect(faults).toEqual([]);
  });
}

test('goes on by itself', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/ds/query')) asked.push(request.url());
  });
  await page.goto(`${BOARD}?kiosk`);
  await expect(page.getByTestId('data-testid Panel header Ack p99').first()).toBeVisible();
  await expect.poll(() => asked.length).toBeGreaterThan(5);
  const first = asked.length;
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBeGreaterThan(first + 5);
});

test('offers venues and strategies that exist, and filters by them', async ({ page }) => {
  const bodies: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/ds/query')) bodies.push(request.postData() ?? '');
  });
  await page.goto(`${BOARD}?kiosk&var-venue=XNAS`);
  await expect(page.getByTestId('data-testid Panel header Ack p99 by venue').first()).toBeVisible();
  await expect.poll(() => bodies.some((body) => body.includes('venue=~\\"XNAS\\"'))).toBe(true);
  expect(bodies.some((body) => body.includes('$venue'))).toBe(false);
});

test('what could not be asked does not read as nothing there', async ({ page }) => {
  const message = 'the sidecar does not answer: is it running?';
  await page.route('**/api/ds/query*', async (route) => {
    const isOfAlerts = (route.request().postData() ?? '').includes('"queryType":"alerts"');
    if (!isOfAlerts) return route.continue();
    return route.fulfill({ status: 500, json: { results: { A: { error: message, status: 500 } } } });
  });
  await page.goto(`${BOARD}?kiosk&refresh=1m`);
  const figure = page.getByTestId('data-testid Panel header Alerts firing').first();
  await expect(figure.getByText('failed', { exact: true })).toBeVisible();
  const table = page.getByTestId('data-testid Panel header Active now').first();
  await expect(async () => {
    await page.mouse.wheel(0, (await table.count()) === 0 ? 600 : 0);
    await table.scrollIntoViewIfNeeded({ timeout: 1_000 });
  }).toPass();
  await expect(table.getByText(message)).toBeVisible();
  await expect(table.getByText('Nothing is pending or firing')).toHaveCount(0);
});

test('every column that a table names is in its answer', async ({ request }) => {
  test.setTimeout(180_000);
  for (const { title, targets = [], transformations = [] } of BOARDS.flatMap(panelsOf)) {
    const named = Object.keys(transformations[0]?.options.indexByName ?? {});
    if (named.length === 0) continue;
    // The board's variables are filled in by the browser.
    const { fields, rows, error } = await ask(request, {
      ...targets[0],
      datasource: { uid: 'tapewatch' },
      filters: {},
    });
    expect(error, title).toBeUndefined();
    if (rows > 0) expect(fields, title).toEqual(expect.arrayContaining(named));
    else expect(MAY_BE_EMPTY, title).toContain(title);
  }
});
