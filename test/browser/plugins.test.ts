/** The built plugins in real Chromium, with the real @grafana libraries and a loader as strict as Grafana 12.2.0's. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from '@playwright/test';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { DEFAULT_EXPR } from '../../plugins/datasource/src/query.ts';
import { buildPage, ROOT, servePage } from './build-page.ts';

const DATASOURCE = 'tapewatch-trading-datasource';
const PANEL = 'tapewatch-percentile-panel';
const SCREENSHOTS = join(ROOT, 'dist', 'test-browser');

/** Budget of each module.js, gzip bytes: what every dashboard pays. */
const BUDGET = { [DATASOURCE]: 8_000, [PANEL]: 14_000 };

let browser: Browser | undefined;
let served: { server: Server; url: string } | undefined;
let opened: WatchedPage | undefined;

beforeAll(async () => {
  browser = await launchBrowser();
  if (browser === undefined) return;
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build-plugins.mjs')], { stdio: 'pipe' });
  await buildPage();
  served = await servePage();
  opened = await openPage(browser, served.url);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  served?.server.closeAllConnections();
  served?.server.close();
});

/**
 * All tests share one page (its libraries are 17 MB); each renders anew and starts without events. Without Chromium
 * there is nothing to run (the reason was printed, CI fails before).
 */
function inBrowser(title: string, body: (page: Page) => Promise<void>): void {
  it(
    title,
    async () => {
      if (opened === undefined) return;
      const { page, problems } = opened;
      problems.length = 0;
      await page.evaluate(() => {
        (window as never as Window).harness.events.length = 0;
      });
      await page.mouse.move(1270, 715);
      await body(page);
      expect(problems).toEqual([]);
    },
    60_000,
  );
}

type Request = Record<string, unknown>;

async function render(page: Page, method: 'renderPanel' | 'renderEditor', request: Request): Promise<void> {
  await page.evaluate(
    ([name, options]) =>
      (window as never as { harness: Record<string, (o: unknown) => Promise<void>> }).harness[name as string]?.(
        options,
      ),
    [method, request] as const,
  );
}

async function renderPanel(page: Page, request: Request = {}): Promise<void> {
  await render(page, 'renderPanel', { id: PANEL, theme: 'dark', width: 1000, height: 340, ...request });
}

interface Window {
  readonly harness: { readonly events: Record<string, unknown>[]; hoverElsewhere(time: number): void };
}

/** The last event that carries `key`, as soon as there is one. */
async function eventOf(page: Page, key: string): Promise<unknown> {
  const handle = await page.waitForFunction((wanted) => {
    const found = (window as never as Window).harness.events.filter((event) => wanted in event).at(-1);
    return found === undefined ? undefined : { value: JSON.parse(JSON.stringify(found[wanted])) as unknown };
  }, key);
  return (await handle.jsonValue())?.value;
}

async function count(page: Page, key: string): Promise<number> {
  return page.evaluate(
    (wanted) => (window as never as Window).harness.events.filter((event) => wanted in event).length,
    key,
  );
}

/** Moves as a hand does: a plot wakes on entering and measures on the way. */
async function hover(page: Page, x: number, y: number): Promise<void> {
  await page.waitForSelector('canvas');
  await page.mouse.move(x - 30, y);
  await page.mouse.move(x, y, { steps: 4 });
}

/** Different colours on the canvas; a blank one has one. */
async function colours(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    const pixels =
      canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
    const seen = new Set<number>();
    for (let i = 0; i < pixels.length; i += 4) seen.add((pixels[i]! << 16) | (pixels[i + 1]! << 8) | pixels[i + 2]!);
    return seen.size;
  });
}

describe('modules', () => {
  inBrowser('export a plugin and import only what Grafana 12.2.0 shares', async (page) => {
    const inspect = (id: string): Promise<Record<string, unknown>> =>
      page.evaluate(
        (name) =>
          (window as never as { harness: { inspect(id: string): Promise<Record<string, unknown>> } }).harness.inspect(
            name,
          ),
        id,
      );
    expect(await inspect(PANEL)).toMatchObject({ isPanel: true });
    expect(await inspect(DATASOURCE)).toMatchObject({
      isDataSource: true,
      components: expect.arrayContaining(['QueryEditor', 'ConfigEditor', 'QueryEditorHelp']),
    });
  });

  it.each([DATASOURCE, PANEL] as const)('%s keeps its budget and carries no second React', (id) => {
    if (browser === undefined) return;
    const code = readFileSync(join(ROOT, 'dist', 'plugins', id, 'module.js'));
    expect(gzipSync(code).length).toBeLessThan(BUDGET[id]);
    expect(code.includes('react/jsx-runtime')).toBe(false);
    expect(code.includes('react.element')).toBe(false);
  });
});

describe('percentile panel', () => {
  for (const theme of ['dark', 'light'] as const) {
    inBrowser(`draws heat map, bands and lines in the ${theme} theme`, async (page) => {
      await renderPanel(page, { theme });
      await page.waitForSelector('canvas');
      await page.screenshot({
        path: join(SCREENSHOTS, `percentile-${theme}.png`),
        clip: { x: 0, y: 0, width: 1000, height: 340 },
      });
      expect(await colours(page)).toBeGreaterThan(50);
      const label = await page.getAttribute('.uplot[role=img]', 'aria-label');
      expect(label).toMatch(
        /^Percentiles over time: [\d,]+ samples in 115 steps\. Last step: p50 .+, p99\.9 .+\(only 600 samples, 10,000 needed\)\.$/,
      );
    });
  }

  inBrowser(
    'tells value, error bound and sample count at the pointer, in the time zone of the dashboard',
    async (page) => {
      await renderPanel(page, { timeZone: 'America/New_York' });
      await hover(page, 930, 150);
      const tooltip = page.locator('table', { hasText: 'p99.9' });
      await tooltip.waitFor();
      const text = (await tooltip.locator('xpath=..').innerText()).replace(/\s+/g, ' ');
      expect(text).toMatch(/2026-03-04 09:5\d:\d\d p99\.9 [\d.]+ ms ±0\.543 % only 600 samples, 10,000 needed p99 /);
      expect(text).toMatch(/p95 [\d.]+ ms ±0\.543 % p90 [\d.]+ ms ±0\.543 % p50 [\d.]+ ms ±0\.543 % Samples 600$/);
    },
  );

  inBrowser('zooms in by dragging and out by a double click', async (page) => {
    await renderPanel(page);
    await page.waitForSelector('canvas');
    await page.mouse.move(300, 100);
    await page.mouse.down();
    await page.mouse.move(500, 120, { steps: 5 });
    await page.mouse.up();
    const [from, to] = (await eventOf(page, 'zoom')) as [number, number];
    const minutes = (to - from) / 60_000;
    expect(minutes).toBeGreaterThan(5.5);
    expect(minutes).toBeLessThan(7);
    await page.mouse.dblclick(400, 100);
    await page.waitForFunction((before) => {
      const zooms = (window as never as Window).harness.events.filter((event) => 'zoom' in event);
      const [start, end] = (zooms.at(-1)?.['zoom'] ?? [0, 0]) as [number, number];
      return end - start > before;
    }, to - from);
  });

  inBrowser('shares the crosshair both ways', async (page) => {
    await renderPanel(page);
    await page.waitForSelector('canvas');
    await page.evaluate(
      (time) => (window as never as Window).harness.hoverElsewhere(time),
      Date.UTC(2026, 2, 4, 14, 40),
    );
    await page.waitForFunction(() => {
      const line = document.querySelector<HTMLElement>('.u-cursor-x');
      const left = Number(/translate\(([\d.]+)px/.exec(line?.style.transform ?? '')?.[1]);
      return left > 300 && left < 330;
    });
    await hover(page, 820, 100);
    await page.waitForFunction(
      (time) => (window as never as Window).harness.events.some((event) => Number(event['hover']) > time),
      Date.UTC(2026, 2, 4, 14, 50),
    );
  });

  inBrowser('isolates a percentile by a click on the legend', async (page) => {
    await renderPanel(page);
    const before = await colours(page);
    await page.locator('button', { hasText: /^p99$/ }).click();
    await hover(page, 300, 100);
    await page.locator('table', { hasText: 'p99' }).waitFor();
    expect(await page.locator('table tr').count()).toBeLessThanOrEqual(2);
    expect(await colours(page)).not.toBe(before);
  });

  inBrowser('can be read with the keyboard', async (page) => {
    await renderPanel(page);
    await page.waitForSelector('canvas');
    await page.keyboard.press('Tab');
    await page.keyboard.down('ArrowRight');
    await page.locator('table', { hasText: 'p99.9' }).waitFor();
    await page.keyboard.up('ArrowRight');
  });

  inBrowser('draws one plot for each series when asked to', async (page) => {
    await renderPanel(page, { options: { seriesMode: 'facet' } });
    await page.getByText('venue=BATS').waitFor();
    expect(await page.locator('.uplot').count()).toBe(2);
  });

  inBrowser('says what is missing', async (page) => {
    await renderPanel(page, { data: 'wrong-shape' });
    expect(await page.getByRole('alert').innerText()).toMatch(/Set the query format to "Heat map"/);
    await renderPanel(page, { data: 'empty' });
    await page.getByText('No data').waitFor();
    await renderPanel(page, { data: 'empty', state: 'Loading' });
    await page.getByText('Loading').waitFor();
    await renderPanel(page, { data: 'empty', state: 'Error', errors: [{ message: 'parse error at 3' }] });
    await page.getByText('The query failed: parse error at 3').waitFor();
    await renderPanel(page, { options: { percentiles: 'many' } });
    await page.getByText('name no number between 0 and 100').waitFor();
  });

  inBrowser('stands any size', async (page) => {
    for (const [width, height] of [
      [60, 24],
      [120, 60],
      [3840, 2000],
    ]) {
      await renderPanel(page, { width, height });
      await page.waitForSelector('canvas');
    }
    expect(await colours(page)).toBeGreaterThan(50);
  });
});

async function renderEditor(page: Page, request: Request = {}): Promise<void> {
  await render(page, 'renderEditor', { id: DATASOURCE, theme: 'dark', width: 1000, height: 300, ...request });
}

/** By the keyboard: on a busy machine the list may close under a click, and take what it had marked before. */
async function chooseType(page: Page, label: string): Promise<void> {
  const box = page.getByLabel('Type', { exact: true });
  await box.click();
  await box.fill(label);
  await page
    .getByRole('option')
    .first()
    .filter({ has: page.getByText(label, { exact: true }) })
    .waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    (wanted) => document.querySelector<HTMLInputElement>('[id^="tapewatch-type"]')?.value === wanted,
    label,
  );
}

describe('data source', () => {
  inBrowser('completes metrics, labels and values, and runs only when asked', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'promql', expr: '' } });
    await page.locator('.monaco-editor textarea').focus();
    await page.keyboard.type('order_a', { delay: 20 });
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'order_ack_seconds' }).first().waitFor();
    await page.screenshot({
      path: join(SCREENSHOTS, 'query-editor.png'),
      clip: { x: 0, y: 0, width: 1000, height: 340 },
    });
    await page.keyboard.press('Enter');
    await page.keyboard.type('{ve', { delay: 20 });
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'venue' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'XNAS' }).first().waitFor();
    await page.keyboard.press('Enter');
    expect(await eventOf(page, 'change')).toMatchObject({ expr: 'order_ack_seconds{venue="XNAS"}' });
    expect(await count(page, 'run')).toBe(0);
    const asked = await page.evaluate(() =>
      (window as never as Window).harness.events.map(({ request }) => request).filter(Boolean),
    );
    // Texts are checked whenever the typing pauses, which is a matter of the machine's speed.
    const resources = asked.map((url) => String(url).split('/resources/')[1]).filter((path) => path !== 'problems');
    expect(resources).toEqual(['metrics', 'functions', 'labels', 'label-values']);
    await page.keyboard.press('Shift+Enter');
    await eventOf(page, 'run');
    await page.keyboard.press('Control+Enter');
    await page.waitForFunction(
      () => (window as never as Window).harness.events.filter((event) => 'run' in event).length === 2,
    );
  });

  inBrowser('lets Tab take what is offered, and else leave the field', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'promql', expr: '' } });
    await page.locator('.monaco-editor textarea').focus();
    await page.keyboard.type('order_a', { delay: 20 });
    await page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'order_ack_seconds' }).first().waitFor();
    await page.keyboard.press('Tab');
    await page.locator('.monaco-editor .view-lines', { hasText: 'order_ack_seconds' }).waitFor();
    await page.locator('.suggest-widget.visible').waitFor({ state: 'detached' });
    const isInside = (): Promise<boolean> =>
      page.evaluate(() => Boolean(document.activeElement?.closest('.monaco-editor')));
    expect(await isInside()).toBe(true);
    await page.keyboard.press('Tab');
    expect(await isInside()).toBe(false);
    // Leaving it runs it; awaited, or the run would be counted as the next test's.
    await page.waitForFunction(() => (window as never as Window).harness.events.some((event) => 'run' in event));
    expect(await eventOf(page, 'change')).toMatchObject({ expr: 'order_ack_seconds' });
  });

  inBrowser('runs SQL by the keys of PromQL, says so while it is empty, and lets Tab leave it', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'sql', rawSql: '' } });
    const field = page.getByTestId('tapewatch-sql');
    await field.getByText('Shift+Enter runs it').waitFor();
    await field.locator('.monaco-editor textarea').focus();
    await page.keyboard.type('SELECT 1');
    await field.getByText('Shift+Enter runs it').waitFor({ state: 'detached' });
    const runs = (): Promise<number> =>
      page.evaluate(() => (window as never as Window).harness.events.filter((event) => 'run' in event).length);
    expect(await runs()).toBe(0);
    await page.keyboard.press('Shift+Enter');
    await page.waitForFunction(
      () => (window as never as Window).harness.events.filter((event) => 'run' in event).length === 1,
    );
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => Boolean(document.activeElement?.closest('.monaco-editor')))).toBe(false);
    // What has been run already is not asked again when the field is left.
    expect(await runs()).toBe(1);
  });

  inBrowser('tells of each function what it does', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'promql', expr: '' } });
    await page.getByText('PromQL, such as').waitFor();
    await page.locator('.monaco-editor textarea').focus();
    await page.keyboard.type('histogram_q', { delay: 20 });
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'histogram_quantile' }).first().waitFor();
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-details', { hasText: 'Quantile of a histogram.' }).waitFor();
    expect(await page.getByText('PromQL, such as').count()).toBe(0);
  });

  inBrowser('marks what is wrong where it is, and no longer once it is mended', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'promql', expr: 'sum(rated(x[1m]))' } });
    await page.locator('.squiggly-error').waitFor({ state: 'attached' });
    await page.locator('.monaco-editor textarea').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('up');
    await page.locator('.squiggly-error').waitFor({ state: 'detached' });
    expect(await count(page, 'run')).toBe(0);
  });

  inBrowser('groups by what is pressed, in the order of pressing', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'pnl', by: ['venue'] } });
    await page.getByRole('button', { name: 'strategy' }).click();
    expect(await eventOf(page, 'change')).toMatchObject({ by: ['venue', 'strategy'] });
    expect(await page.getByRole('button', { name: 'side' }).count()).toBe(0);
  });

  inBrowser('offers every query type by its group, and what is left in a field counts', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'alerts' } });
    await chooseType(page, 'P&L');
    await page.getByRole('radio', { name: 'Equity' }).click();
    expect(await eventOf(page, 'change')).toMatchObject({ queryType: 'pnl', format: 'equity' });
    const equity = page.getByLabel('Initial equity');
    await equity.fill('2500');
    await equity.press('Enter');
    expect(await eventOf(page, 'change')).toMatchObject({ initialEquity: 2_500 });
    // Of a table alone, so they are neither shown nor sent.
    expect(await page.getByLabel('Rows for').count()).toBe(0);
  });

  inBrowser('edits the trading day, and marks a time that is none', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'risk' } });
    const opens = page.getByLabel('Trading day opens at');
    await opens.fill('09:30');
    await opens.press('Enter');
    expect(await eventOf(page, 'change')).toMatchObject({ calendar: { open: '09:30' } });
    const before = await count(page, 'change');
    await opens.fill('9.30');
    await opens.press('Enter');
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await count(page, 'change')).toBe(before);
    await opens.fill('');
    await opens.press('Enter');
    await page.locator('input[aria-invalid="true"]').waitFor({ state: 'detached' });
    expect(await eventOf(page, 'change')).toMatchObject({ calendar: {} });
    expect(await eventOf(page, 'change')).not.toHaveProperty('calendar.open');
  });

  inBrowser('keeps the text when the query type changes', async (page) => {
    await renderEditor(page, { query: { refId: 'A', queryType: 'promql', expr: 'up', format: 'heatmap' } });
    await chooseType(page, 'Slippage');
    expect(await eventOf(page, 'change')).toMatchObject({ queryType: 'slippage', expr: 'up' });
    await chooseType(page, 'PromQL');
    await page.locator('.monaco-editor .view-lines', { hasText: 'up' }).waitFor();
    expect(await eventOf(page, 'change')).toMatchObject({ queryType: 'promql', expr: 'up', format: 'heatmap' });
  });

  inBrowser('hides what an alert rule cannot use, and warns of variables', async (page) => {
    await renderEditor(page, {
      app: 'unified-alerting',
      query: { refId: 'A', queryType: 'promql', expr: 'up{venue="$venue"}' },
    });
    await page.getByText('Alert rules know no dashboard variables').waitFor();
    expect(await page.getByText('Legend').count()).toBe(0);
  });

  inBrowser('keeps what a new alert rule shows, and changes no rule that there is', async (page) => {
    const show = (query: Request): Promise<void> => renderEditor(page, { app: 'unified-alerting', query });
    await show({ refId: 'A', queryType: 'promql', expr: DEFAULT_EXPR });
    expect(await eventOf(page, 'change')).toMatchObject({ expr: DEFAULT_EXPR, instant: true });
    const before = await count(page, 'change');
    await show({ refId: 'A', queryType: 'promql', expr: DEFAULT_EXPR, instant: false });
    await page.locator('.monaco-editor .view-lines', { hasText: 'order_ack_seconds' }).waitFor();
    expect(await count(page, 'change')).toBe(before);
  });

  inBrowser('uses an example by a click', async (page) => {
    await renderEditor(page, { editor: 'QueryEditorHelp', height: 1200 });
    await page.getByText('P&L by strategy', { exact: true }).click();
    expect(await eventOf(page, 'example')).toMatchObject({ queryType: 'pnl', by: ['strategy'] });
  });

  inBrowser('keeps the token secret, and is read-only when provisioned', async (page) => {
    await renderEditor(page, { editor: 'ConfigEditor', height: 700 });
    await page.fill('#tapewatch-token', 'secret');
    expect(await eventOf(page, 'settings')).toMatchObject({
      secureJsonData: { token: 'secret' },
      secureJsonFields: { token: false },
    });
    const provisioned = { jsonData: {}, secureJsonFields: { token: true }, readOnly: true };
    await renderEditor(page, { editor: 'ConfigEditor', height: 700, settings: provisioned });
    await page.waitForSelector('#tapewatch-min-interval');
    expect(await page.locator('#tapewatch-min-interval').isDisabled()).toBe(true);
    expect(await page.locator('input:not([disabled])').count()).toBe(0);
  });

  inBrowser('links the labels of exemplars to traces', async (page) => {
    await renderEditor(page, { editor: 'ConfigEditor', height: 900 });
    await page.getByRole('button', { name: 'Link a label' }).click();
    expect(await eventOf(page, 'settings')).toMatchObject({
      jsonData: { exemplarTraceIdDestinations: [{ name: 'trace_id' }] },
    });
    await page.locator('#tapewatch-trace-source-0').click();
    await page.getByText('Traces', { exact: true }).click();
    await page.waitForFunction(
      () => (window as never as Window).harness.events.filter((event) => 'settings' in event).length > 1,
    );
    expect(await eventOf(page, 'settings')).toMatchObject({
      jsonData: { exemplarTraceIdDestinations: [{ name: 'trace_id', datasourceUid: 'tempo' }] },
    });
  });

  inBrowser('edits a variable', async (page) => {
    await renderEditor(page, { editor: 'VariableEditor', query: 'label_values(up, venue)' });
    await page.locator('input[value="up"]').fill('order_ack_seconds');
    await page.keyboard.press('Enter');
    expect(await eventOf(page, 'change')).toMatchObject({
      kind: 'label_values',
      label: 'venue',
      match: 'order_ack_seconds',
    });
  });
});
