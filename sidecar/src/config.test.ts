import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentLeaves, loadConfig } from './config.ts';
import { TapewatchError } from './errors.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

function fileOf(text: string): string {
  const file = join(temporaryFolder('config'), 'tapewatch.yaml');
  writeFileSync(file, text);
  return file;
}

/** Paths of the problems that a configuration is refused for. */
function problemsOf(text: string, environment: Record<string, string> = {}): string[] {
  try {
    loadConfig({ file: fileOf(text), environment });
    return [];
  } catch (error) {
    if (!(error instanceof TapewatchError) || error.code !== 'config.invalid') throw error;
    return ((error.details['problems'] ?? []) as { path: string }[]).map(({ path }) => path);
  }
}

it('works without any configuration', () => {
  const { store, http, grafana, streams } = loadConfig({ file: undefined, environment: {} });
  expect(store).toMatchObject({ kind: 'duckdb', path: 'tapewatch.duckdb' });
  expect(http.listen).toBe('127.0.0.1:9470');
  expect(grafana.listen).toBe('unix:/run/tapewatch/grafana.sock');
  expect(streams.map(({ name }) => name)).toEqual([
    ...['metrics', 'orders', 'fills', 'quotes', 'trades', 'book', 'positions', 'signals', 'cash', 'fx'],
    ...['exchange', 'spans', 'health', 'events', 'logs'],
  ]);
});

it('reports every problem at once, each with its path, those of the environment too', () => {
  const text = `
nats: { servers: ['http://x'], sever: 1 }
store: { kind: duckdb, memoryLimitMb: few }
http: { listen: nowhere }
`;
  expect(problemsOf(text, { TAPEWATCH_LOG_LEVEL: 'loud', TAPEWATCH_STORE_THREADS: 'two' }).sort()).toEqual([
    'TAPEWATCH_STORE_THREADS',
    'http.listen',
    'log.level',
    'nats',
    'nats.servers.0',
    'store.memoryLimitMb',
  ]);
});

it('names the value seen, but never a secret', () => {
  const refused = (): unknown => loadConfig({ file: fileOf('nats: { user: u, password: 12345 }'), environment: {} });
  expect(refused).toThrow(/nats\.password/);
  expect(refused).not.toThrow(/12345/);
  expect(() => loadConfig({ file: fileOf('http: { listen: nowhere }'), environment: {} })).toThrow(/"nowhere"/);
});

it('lets the environment win over the file', () => {
  const file = fileOf('http: { listen: 127.0.0.1:1 }');
  const environment = { TAPEWATCH_HTTP_LISTEN: '127.0.0.1:2', TAPEWATCH_NATS_SERVERS: 'nats://a:1, nats://b:2' };
  const { http, nats } = loadConfig({ file, environment });
  expect(http.listen).toBe('127.0.0.1:2');
  expect(nats.servers).toEqual(['nats://a:1', 'nats://b:2']);
});

it('says what is wrong with the file itself', () => {
  expect(() => loadConfig({ file: '/does/not/exist.yaml', environment: {} })).toThrow(/cannot be read; name one/);
  expect(() => loadConfig({ file: fileOf('a: [1'), environment: {} })).toThrow(/is not YAML/);
  expect(() => loadConfig({ file: fileOf('- 1'), environment: {} })).toThrow(/expected settings by name/);
});

it('gives every setting a variable of its own', () => {
  const names = environmentLeaves().map(({ variable }) => variable);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['TAPEWATCH_STORE_PATH', 'TAPEWATCH_PIPELINE_COMMIT_INTERVAL_MS']));
});
