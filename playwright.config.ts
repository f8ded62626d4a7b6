/**
 * Browser tests against a real Grafana: `npm run e2e` starts one from GRAFANA_HOME, or takes the one at GRAFANA_URL. One
 * worker: the tests share a Grafana and one of them kills the sidecar.
 */
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const SYSTEM_CHROMIUM = '/usr/bin/chromium';

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results/e2e',
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env['GRAFANA_URL'] ?? 'http://localhost:3000',
    viewport: { width: 1600, height: 1000 },
    screenshot: 'only-on-failure',
    launchOptions: {
      args: ['--no-sandbox'],
      // Playwright's own browser where it is installed, else the distribution's.
      ...(existsSync(SYSTEM_CHROMIUM) ? { executablePath: SYSTEM_CHROMIUM } : {}),
    },
  },
});
