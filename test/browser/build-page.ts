/**
 * Bundles the page with the real @grafana libraries (17 MB, a few seconds) into dist/test-browser, and serves it with the
 * built plugins on a free port of the loopback address.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { build, stop } from 'esbuild';

export const ROOT = join(__dirname, '..', '..');
const OUTPUT = join(ROOT, 'dist', 'test-browser');
const PAGE = join(__dirname, 'page');
const MODULES = join(ROOT, 'node_modules');

export async function buildPage(): Promise<void> {
  mkdirSync(OUTPUT, { recursive: true });
  await build({
    entryPoints: { page: join(PAGE, 'grafana-page.tsx') },
    outdir: OUTPUT,
    bundle: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'transform',
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.svg': 'text', '.ttf': 'dataurl', '.woff': 'empty', '.woff2': 'empty' },
    logLevel: 'error',
  });
  // Its service process would outlive the tests.
  await stop();
}

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.html': 'text/html',
};

/** Address prefix to folder; the first that matches is served. */
const FOLDERS: readonly (readonly [string, string])[] = [
  ['/public/plugins/', join(ROOT, 'dist', 'plugins')],
  ['/public/build/img/', join(MODULES, '@grafana/ui/dist/public/img')],
  ['/public/img/', join(MODULES, '@grafana/ui/dist/public/img')],
  ['/public/lib/monaco/', join(MODULES, 'monaco-editor')],
  ['/uplot/', join(MODULES, 'uplot/dist')],
  ['/', OUTPUT],
];

const HTML =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><link rel="stylesheet" href="/uplot/uPlot.min.css"><link rel="stylesheet" href="/page.css"><body style="margin:0">' +
  '<div id="root"></div><div id="grafana-portal-container"></div>' +
  '<script>window.__grafana_public_path__="/public/";window.grafanaBootData={settings:{},user:{}};</script><script src="/page.js"></script>';

export async function servePage(): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://page').pathname));
    if (path === '/') {
      response.setHeader('content-type', 'text/html').end(HTML);
      return;
    }
    if (path.startsWith('/public/fonts/')) {
      // Grafana's fonts are not on npm; the browser's own will do.
      response.end();
      return;
    }
    const [prefix, folder] = FOLDERS.find(([start]) => path.startsWith(start)) as readonly [string, string];
    const file = join(folder, path.slice(prefix.length));
    if (!existsSync(file) && path.includes('/img/icons/')) {
      // A few icons are not on npm either.
      response.setHeader('content-type', 'image/svg+xml').end('<svg xmlns="http://www.w3.org/2000/svg"/>');
      return;
    }
    if (!existsSync(file)) {
      response.writeHead(404).end(`no ${path}`);
      return;
    }
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream').end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the page server has no port');
  return { server, url: `http://127.0.0.1:${address.port}/` };
}
