/** A real Prometheus of the machine on given samples: blocks made by promtool, served on a free port, ended by pid. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeriesData } from '@tapewatch/core';

const START_LIMIT_MS = 20_000;
const POLL_MS = 50;

/** The version line, undefined where Prometheus or promtool is not installed. */
export function installedPrometheus(): string | undefined {
  const [server, tool] = ['prometheus', 'promtool'].map((name) => spawnSync(name, ['--version'], { encoding: 'utf8' }));
  if (server?.status !== 0 || tool?.status !== 0) return undefined;
  return /version (\S+)/.exec(`${server.stdout}${server.stderr}`)?.[1] ?? 'unknown';
}

export interface ApiAnswer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

export class PrometheusServer {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#process = child;
    this.#folder = folder;
    this.#url = url;
  }

  static async start(series: readonly SeriesData[]): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'tapewatch-prometheus-'));
    const [input, data, config] = ['samples.om', 'data', 'prometheus.yml'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(input, openMetrics(series));
    writeFileSync(config, 'global: {}\n');
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', input, data], { stdio: 'pipe' });
    const port = await freePort();
    const flags = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y'];
    const child = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
    const server = new PrometheusServer(child, folder, `http://127.0.0.1:${port}`);
    await server.#ready();
    return server;
  }

  async #ready(): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      const ready = await fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return;
      if (this.#process.exitCode !== null || Date.now() > limit) throw new Error('Prometheus did not become ready');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async ask(path: 'query' | 'query_range', parameters: Readonly<Record<string, string>>): Promise<ApiAnswer> {
    const body = new URLSearchParams(parameters);
    const response = await fetch(`${this.#url}/api/v1/${path}`, { method: 'POST', body });
    return (await response.json()) as ApiAnswer;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    if (this.#process.exitCode === null) await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Samples in OpenMetrics text; families must stand together, and each series' samples in order. */
function openMetrics(series: readonly SeriesData[]): string {
  const sorted = [...series].sort((a, b) => (a.labels.metricName < b.labels.metricName ? -1 : 1));
  const lines = sorted.flatMap(({ labels, timesMs, values }) => {
    const inner = labels
      .withoutMetricName()
      .pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(',');
    return timesMs.map((time, i) => `${labels.metricName}{${inner}} ${text(values[i] as number)} ${time / 1000}`);
  });
  return `${lines.join('\n')}\n# EOF\n`;
}

function text(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error()),
      );
    });
  });
}
