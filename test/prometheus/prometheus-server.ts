/**
 * A real Prometheus of the machine on given samples: started empty on a free port, fed by remote write, ended by pid.
 * TAPEWATCH_PROMETHEUS names another binary than the one on PATH.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeriesData } from '@tapewatch/core';
import { writeRequest } from './remote-write.ts';

const START_LIMIT_MS = 20_000;
const POLL_MS = 50;
/** Samples go in by slices of time: a head block refuses what lies an hour behind its newest sample. */
const SLICE_MS = 300_000;
const BINARY = process.env['TAPEWATCH_PROMETHEUS'] ?? 'prometheus';
/** Version 2 leaves out the ones that it does not know, with a warning. */
const FEATURES = [
  'native-histograms',
  'promql-at-modifier',
  'promql-negative-offset',
  'promql-experimental-functions',
  'promql-extended-range-selectors',
  'promql-duration-expr',
  'promql-binop-fill-modifiers',
];

/** The version, undefined where Prometheus is not installed. */
export function installedPrometheus(): string | undefined {
  const server = spawnSync(BINARY, ['--version'], { encoding: 'utf8' });
  if (server.status !== 0) return undefined;
  // A build of one's own knows no number.
  return /version (\d\S*)/.exec(`${server.stdout}${server.stderr}`)?.[1] ?? '3 (own build)';
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

  /** `scrape`: a target, `host:port`, that it asks each second. */
  static async start(series: readonly SeriesData[], scrape?: string): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'tapewatch-prometheus-'));
    const config = join(folder, 'prometheus.yml');
    const jobs = scrape === undefined ? [] : [{ job_name: 'scraped', static_configs: [{ targets: [scrape] }] }];
    writeFileSync(
      config,
      JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs }),
    );
    const port = await freePort();
    const flags = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      '--web.enable-remote-write-receiver',
      `--enable-feature=${FEATURES.join(',')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn(BINARY, flags, { stdio: 'ignore' });
    // A binary that is not there ends the wait for it.
    child.once('error', () => undefined);
    const server = new PrometheusServer(child, folder, `http://127.0.0.1:${port}`);
    try {
      await server.#ready();
      await server.#write(series);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** `http://127.0.0.1:<port>` */
  get url(): string {
    return this.#url;
  }

  async #ready(): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      const ready = await fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return;
      if (hasEnded(this.#process) || Date.now() > limit) throw new Error(`${BINARY} did not become ready`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #write(series: readonly SeriesData[]): Promise<void> {
    const times = series.flatMap(({ timesMs }) => [timesMs[0] ?? Infinity, timesMs[timesMs.length - 1] ?? -Infinity]);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    for (let from = first; from <= last; from += SLICE_MS) {
      const body = writeRequest(series, from, from + SLICE_MS);
      if (body === undefined) continue;
      const headers = {
        'Content-Type': 'application/x-protobuf',
        'Content-Encoding': 'snappy',
        'X-Prometheus-Remote-Write-Version': '0.1.0',
      };
      const response = await fetch(`${this.#url}/api/v1/write`, { method: 'POST', headers, body });
      if (!response.ok) throw new Error(`Prometheus refused samples: ${response.status} ${await response.text()}`);
    }
  }

  async ask(path: 'query' | 'query_range', parameters: Readonly<Record<string, string>>): Promise<ApiAnswer> {
    const body = new URLSearchParams(parameters);
    const response = await fetch(`${this.#url}/api/v1/${path}`, { method: 'POST', body });
    return (await response.json()) as ApiAnswer;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (!hasEnded(this.#process)) {
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** True also of one that was never there. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
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
