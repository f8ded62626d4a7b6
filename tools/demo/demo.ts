/** The demo for people: everything starts, says where to look, and runs until Ctrl-C. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openFolder } from './folder.ts';
import { findGrafana, grafanaProcess } from './grafana.ts';
import type { DemoOptions, Ports } from './options.ts';
import { choosePorts } from './port.ts';
import { until } from './process.ts';
import { Stack } from './stack.ts';
import type { CheckContext } from './check.ts';
import { WebhookReceiver, type ReceivedAlert } from './webhook-receiver.ts';

const DEMO_RATE = 25;
const GRAFANA_TIMEOUT_MS = 120_000;

export async function runDemo(options: DemoOptions, context: CheckContext): Promise<number> {
  const { root, say, signal } = context;
  const ports = await choosePorts(options);
  const folder = openFolder(join(root, '.tapewatch', 'demo'), { reset: options.reset });
  const stack = new Stack({ root, folder, ports, natsUrl: context.natsUrl, say });
  const webhook = new WebhookReceiver({ onAlert: (alert) => say(describe(alert)) });
  try {
    await webhook.listen(ports.webhook);
    say('starting nats-server and the sidecar ...');
    await stack.startNats(context.natsBinary);
    await stack.startSidecar();
    stack.startTelemetry();
    const market = options.market === undefined ? undefined : resolve(options.market);
    const desk = stack.startDesk({
      ...{ seed: options.seed, rate: options.rate ?? DEMO_RATE, market, natsUrl: stack.natsUrl },
      ...{ incidents: options.incidents ?? 'standard', quiet: true },
    });
    const grafana = options['no-grafana'] ? undefined : findGrafana();
    if (grafana !== undefined) {
      say('starting Grafana ...');
      stack.startOther(grafanaProcess(grafana, { root, folder, ports }));
    }
    tellWhere({ root, ports, natsUrl: stack.natsUrl, say, grafana: grafana !== undefined });
    if (grafana !== undefined) await tellGrafana(ports, say, signal);
    const ended = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    const deskEnded = desk.exited.then(async (code) => {
      if (!signal.aborted) say(`the desk ended with ${code}:\n${await desk.logTail()}`);
    });
    await Promise.race(signal.aborted ? [] : [ended, deskEnded]);
    return signal.aborted ? 0 : 1;
  } finally {
    say('ending: desk, telemetry, sidecar, nats-server ...');
    await stack.stop();
    await webhook.close();
  }
}

interface Where {
  readonly root: string;
  readonly ports: Ports;
  readonly natsUrl: string;
  readonly grafana: boolean;
  readonly say: (line: string) => void;
}

function tellWhere({ root, ports, natsUrl, grafana, say }: Where): void {
  const http = `http://127.0.0.1:${ports.http}`;
  say('');
  say(`  NATS             ${natsUrl}`);
  say(`  sidecar          ${http}/docs (API), ${http}/metrics, ${http}/api/v1/alerts`);
  say(`  notifications    http://127.0.0.1:${ports.webhook}/`);
  say(`  try              curl -s '${http}/api/v1/query?query=histogram_quantile(0.99,sum(order_ack_seconds))'`);
  if (!grafana) {
    const compose = existsSync(join(root, 'docker-compose.yml'))
      ? '`docker compose up` brings the whole stack'
      : 'see the README';
    say(`  Grafana          none found (GRAFANA_HOME or PATH); ${compose}`);
  }
  say('');
  say('Ctrl-C ends it. Incidents come and go: a slow hop, a venue outage, a burst of volatility.');
}

async function tellGrafana(ports: Ports, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  // By this name: Grafana Live compares the browser's origin with it.
  const url = `http://localhost:${ports.grafana}`;
  const up = async (): Promise<true | undefined> =>
    signal.aborted || (await fetch(`${url}/api/health`)).ok || undefined;
  await until(up, { what: 'Grafana answers', timeoutMs: GRAFANA_TIMEOUT_MS, everyMs: 500 });
  say(`  Grafana          ${url} (open to all as viewer; admin / admin to edit)`);
}

function describe({ status, labels, annotations }: ReceivedAlert): string {
  const name = `${labels['alertname'] ?? ''} ${labels['severity'] ?? ''}`.trim();
  return `${new Date().toISOString().slice(11, 19)} ${status.padEnd(8)} ${name}: ${annotations['summary'] ?? ''}`;
}
