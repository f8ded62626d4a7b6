/** Starts Chromium for a test file and collects what goes wrong on its pages. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from '@playwright/test';

const EXECUTABLE = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Undefined where there is no Chromium; in CI that is a failure, elsewhere the reason is printed. */
export async function launchBrowser(): Promise<Browser | undefined> {
  if (!existsSync(EXECUTABLE)) {
    const reason = `no Chromium at ${EXECUTABLE}; install it or set CHROMIUM_PATH`;
    if (process.env['CI'] === 'true') throw new Error(reason);
    console.warn(`browser tests skipped: ${reason}`);
    return undefined;
  }
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}

export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught exceptions and failed requests. */
  readonly problems: string[];
}

export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  // Below the test's own limit, so that the message names what was waited for.
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    // Aborted: the page went on before an icon came.
    const reason = request.failure()?.errorText ?? '';
    if (reason !== 'net::ERR_ABORTED') problems.push(`${reason}: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  await page.waitForFunction(() => 'harness' in window);
  return { page, problems };
}
