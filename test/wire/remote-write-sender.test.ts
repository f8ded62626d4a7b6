/**
 * The distribution's Prometheus as a sender of remote write 1.0: it scrapes itself and a target with an exemplar, and sends
 * what it has; everything must arrive, and nothing be refused. Ended by pid.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exporter, OPEN_METRICS, page } from '../../sidecar/src/scrape/testing/exporter.ts';
import { CollectingSink } from '../../sidecar/src/codec/testing/collecting-sink.ts';
import { createCodecRegistry } from '../../sidecar/src/codec/registry.ts';
import { startHttpServer, type HttpServer } from '../../sidecar/src/http/server.ts';
import { fixture, settingsWith } from '../../sidecar/src/http/testing/fixture.ts';
import type { Intake } from '../../sidecar/src/ports.ts';
import { installedPrometheus } from '../prometheus/prometheus-server.ts';

const LIMIT_MS = 60_000;
const seen = new Map<string, number>();
const exemplars: string[] = [];
const refused: string[] = [];
let [server, prometheus]: [HttpServer | undefined, ChildProcess | undefined] = [undefined, undefined];
let exporter: Exporter | undefined;
const folder = mkdtempSync(join(tmpdir(), 'tapewatch-sender-'));

afterAll(async () => {
  if (prometheus?.exitCode === null && prometheus.signalCode === null) {
    const gone = new Promise((resolve) => prometheus?.once('exit', resolve));
    prometheus.kill('SIGKILL');
    await gone;
  }
  await server?.close();
  await exporter?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function keepingIntake(onReceipt: () => void): Intake {
  const [registry, sink] = [createCodecRegistry(), new CollectingSink()];
  return {
    async submit({ payloadKind, contentType, payload, maxBytes }) {
      const context = { payloadKind, labels: {}, receivedNanos: BigInt(Date.now()) * 1_000_000n, maxBytes };
      registry.codecFor(contentType, 'auto').decodeInto(payload, context, sink);
      const { samples, problems, exemplars: sent } = sink.take();
      exemplars.push(...sent);
      for (const sample of samples) if (sample.kind !== 'histogram') seen.set(sample.labels.toString(), sample.value);
      refused.push(...problems.map(({ reason, detail }) => `${reason}: ${detail}`));
      onReceipt();
      return { accepted: samples.length, rejected: problems.length, problems };
    },
    refuse: ({ subject }, { reason }) => void refused.push(`${reason}: ${subject}`),
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function isOwnScrape(key: string): boolean {
  return /^prometheus_http_request_duration_seconds_bucket.*"\/metrics".*le="\+Inf"/.test(key);
}

const version = installedPrometheus();
(version === undefined ? describe.skip : describe)(`Prometheus ${version ?? '(not installed)'} sends`, () => {
  it(
    'its own series and the exemplar of another, and none is refused',
    async () => {
      // Prometheus counts a scrape of itself once it is over, so the second one tells of the first.
      let complete: () => void = () => undefined;
      const whole = new Promise<void>((resolve) => (complete = resolve));
      const intake = keepingIntake(() => {
        if (seen.size > 300 && exemplars.length > 0 && [...seen.keys()].some(isOwnScrape)) complete();
      });
      server = await startHttpServer({ ...fixture().deps, intake }, settingsWith({ listen: '127.0.0.1:0' }));
      const port = await freePort();
      const bucket =
        '# TYPE h histogram\nh_bucket{le="0.5"} 1 # {trace_id="4bf9"} 0.25\nh_bucket{le="+Inf"} 1\n# EOF\n';
      exporter = await Exporter.start(page(bucket, OPEN_METRICS));
      const config = join(folder, 'prometheus.yml');
      writeFileSync(
        config,
        `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: self, static_configs: [{ targets: ['127.0.0.1:${port}'] }] },
  { job_name: desk, static_configs: [{ targets: ['${exporter.address}'] }] }]
remote_write: [{ url: '${server.address}/api/v1/write', send_exemplars: true, queue_config: { batch_send_deadline: 200ms } }]
`,
      );
      const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
      flags.push('--enable-feature=exemplar-storage');
      prometheus = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
      await whole;
      expect(refused).toEqual([]);
      const target = `instance="127.0.0.1:${port}", job="self"`;
      expect(seen.get(`up{${target}}`)).toBe(1);
      const desk = `instance="${exporter.address}", job="desk"`;
      expect(exemplars[0]?.split(' @')[0]).toBe(`h_bucket{${desk}, le="0.5"} 0.25 {trace_id=4bf9}`);
      expect(seen.get([...seen.keys()].find(isOwnScrape) ?? '')).toBeGreaterThanOrEqual(1);
    },
    LIMIT_MS,
  );
});
