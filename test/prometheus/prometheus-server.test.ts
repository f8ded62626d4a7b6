/** A start that fails leaves nothing behind: neither a process nor a folder. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, METRIC_NAME, type SeriesData } from '@tapewatch/core';

const SERIES: SeriesData = { labels: Labels.from({ [METRIC_NAME]: 'up' }), timesMs: [1_000], values: [1] };
/** Ready at once, and refuses what is written; says where it runs. */
const refusing = (told: string): string => `#!${process.execPath}
const flag = (name) => process.argv.find((text) => text.startsWith(name)).slice(name.length);
require('node:fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify({ pid: process.pid, config: flag('--config.file=') }));
require('node:http')
  .createServer((request, response) => response.writeHead(request.url === '/-/ready' ? 200 : 500).end('no'))
  .listen(Number(flag('--web.listen-address=127.0.0.1:')), '127.0.0.1');
`;

const folder = mkdtempSync(join(tmpdir(), 'tapewatch-refusing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(binary: string): Promise<unknown> {
  jest.resetModules();
  process.env['TAPEWATCH_PROMETHEUS'] = binary;
  const { PrometheusServer } = await import('./prometheus-server.ts');
  return PrometheusServer.start([SERIES]);
}

it('ends the process that refused its samples, and removes its folder', async () => {
  const binary = join(folder, 'prometheus');
  const told = join(folder, 'told.json');
  writeFileSync(binary, refusing(told), { mode: 0o755 });
  await expect(start(binary)).rejects.toThrow('Prometheus refused samples: 500');
  const { pid, config } = JSON.parse(readFileSync(told, 'utf8')) as { pid: number; config: string };
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(existsSync(config)).toBe(false);
});

it('says which binary did not become ready when there is none', async () => {
  await expect(start(join(folder, 'missing'))).rejects.toThrow('missing did not become ready');
});
