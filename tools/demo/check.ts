/**
 * `npm run demo -- --check`: publish for a while, then compare what the publisher's ledger says with what the sidecar
 * answers over HTTP and what the webhook received. The checker reads nothing else.
 */
import { join, resolve } from 'node:path';
import { DEFAULT_SCALE, relativeErrorBound } from '@tapewatch/core';
import { openFolder } from './folder.ts';
import { findGrafana } from './grafana.ts';
import { readLedger, type LedgerContent } from './ledger-reader.ts';
import { dropEvery, NatsProxy, stretchLatency } from './nats-proxy.ts';
import type { Break, DemoOptions } from './options.ts';
import { choosePorts, freePorts } from './port.ts';
import { until } from './process.ts';
import { Stack } from './stack.ts';
import { judge, MAX_ALERT_MS, QUANTILES, type Answers, type Verdict } from './verdict.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

export interface CheckContext {
  readonly root: string;
  readonly natsBinary: string;
  readonly natsUrl: string;
  readonly say: (line: string) => void;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

const CHECK_RATE = 150;
/** After the last publish: what is under way arrives, the last windows close. */
const SETTLE_TIMEOUT_MS = 60_000;
/** A lost message shows in a stall: nothing more has come for so long. */
const STALL_MS = 10_000;
const SETTLE_POLL_MS = 500;
const PROBE_ALERT = 'DemoProbe';
/** Room for the desk to connect and to have its last messages acknowledged. */
const DESK_GRACE_MS = 60_000;

/** The exit code. The last line printed is the report. */
export async function runCheck(options: DemoOptions, context: CheckContext): Promise<number> {
  const { root, say } = context;
  const ports = await choosePorts(options);
  const folder = openFolder(join(root, '.tapewatch', `check-${process.pid}`), { reset: true });
  const stack = new Stack({ root, folder, ports, natsUrl: context.natsUrl, say });
  const webhook = new WebhookReceiver({ muted: options.break === 'mute' });
  let proxy: NatsProxy | undefined;
  try {
    await webhook.listen(ports.webhook);
    await stack.startNats(context.natsBinary);
    say(`NATS at ${stack.natsUrl}`);
    await stack.startSidecar();
    say(`sidecar at http://127.0.0.1:${ports.http}`);
    stack.startTelemetry();
    const faulty = options.break === undefined ? undefined : await startFault(options.break, ports.nats);
    proxy = faulty?.proxy;
    await runDesk({ stack, options, context, natsUrl: faulty?.natsUrl ?? stack.natsUrl });
    const ledger = await readLedger(folder.ledger);
    say('waiting for the last windows ...');
    const answers = await settle(stack, ledger, webhook);
    const bound = relativeErrorBound(DEFAULT_SCALE);
    const verdict = judge(ledger, answers, { bound, grafana: findGrafana() !== undefined });
    print(verdict, say);
    return verdict.problems.length === 0 ? 0 : 1;
  } finally {
    await proxy?.close();
    await stack.stop();
    await webhook.close();
    if (options.keep) say(`kept: ${folder.path}`);
    else folder.remove();
  }
}

async function startFault(fault: Break, natsPort: number): Promise<{ proxy: NatsProxy; natsUrl: string } | undefined> {
  if (fault === 'mute') return undefined;
  const [port] = (await freePorts(1)) as [number];
  const proxy = new NatsProxy(natsPort, fault === 'drop' ? dropEvery(50) : stretchLatency(1.25));
  await proxy.listen(port);
  return { proxy, natsUrl: `nats://127.0.0.1:${port}` };
}

interface DeskRun {
  readonly stack: Stack;
  readonly options: DemoOptions;
  readonly context: CheckContext;
  readonly natsUrl: string;
}

async function runDesk({ stack, options, context, natsUrl }: DeskRun): Promise<void> {
  const { seconds, seed, rate = CHECK_RATE } = options;
  const third = Math.floor(seconds / 3);
  // Each kind of incident once, in the time there is.
  const incidents = `slow-hop@${third}+3,venue-outage@${third + 4}+3,volatility@${2 * third}+3`;
  const market = options.market === undefined ? undefined : resolve(options.market);
  context.say(`desk: ${seconds} s, ${rate} orders/s on ${market ?? 'a made-up market'}, seed ${seed}`);
  const desk = stack.startDesk({
    ...{ seed, rate, market, natsUrl, quiet: false },
    incidents: options.incidents ?? incidents,
    durationSeconds: seconds,
    probeAtSeconds: Math.floor(seconds / 2),
  });
  const deadline = AbortSignal.timeout(seconds * 1000 + DESK_GRACE_MS);
  const code = await Promise.race([
    desk.exited,
    aborted(context.signal, 'interrupted'),
    aborted(deadline, 'the desk did not end'),
  ]);
  if (code !== 0) context.say(`the desk ended with ${code}:\n${await desk.logTail()}`);
}

async function aborted(signal: AbortSignal, reason: string): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(new Error(reason));
    signal.addEventListener('abort', () => reject(new Error(reason)), { once: true });
  });
}

/** Asks until everything published is there, or nothing more comes. */
async function settle(stack: Stack, ledger: LedgerContent, webhook: WebhookReceiver): Promise<Answers> {
  const { client } = stack;
  let best = -1;
  let lastNewsMs = Date.now();
  const startedMs = Date.now();
  const stored = await until(
    async () => {
      const answer = await client.stored(ledger);
      const counts = ledger.totals.map((total) => Math.min(total.count, answer(total)?.count ?? 0));
      const present = counts.reduce((sum, count) => sum + count, 0);
      const expected = ledger.totals.reduce((sum, { count }) => sum + count, 0);
      if (present > best) lastNewsMs = Date.now();
      best = Math.max(best, present);
      const over = Date.now() - lastNewsMs > STALL_MS || Date.now() - startedMs > SETTLE_TIMEOUT_MS;
      return present >= expected || over ? answer : undefined;
    },
    { what: 'an answer to what is stored', timeoutMs: 2 * SETTLE_TIMEOUT_MS, everyMs: SETTLE_POLL_MS },
  );
  const quantiles = new Map<number, number>();
  for (const q of QUANTILES) {
    quantiles.set(q, await client.scalar(`histogram_quantile(${q}, sum(order_ack_seconds))`));
  }
  return { stored, quantile: (q) => quantiles.get(q) ?? NaN, webhookMs: arrival(webhook, ledger.probeMs) };
}

/** The first firing notification of the probe. */
function arrival({ alerts }: WebhookReceiver, probeMs: number | null): number | null {
  if (probeMs === null) return null;
  const probe = alerts.find(({ labels, status }) => labels['alertname'] === PROBE_ALERT && status === 'firing');
  return probe?.receivedMs ?? null;
}

function print({ report, problems }: Verdict, say: (line: string) => void): void {
  const { published, stored, lost, quantiles, alertMs } = report;
  say(`published ${published} samples and events, stored ${stored}, lost ${lost}`);
  say('order latency   sidecar s       exact s         off by      allowed');
  for (const { q, sidecar, exact, bound } of quantiles) {
    const off = `${((sidecar / exact - 1) * 100).toFixed(3)} %`;
    const cells = [sidecar.toFixed(9), exact.toFixed(9)].map((text) => text.padEnd(16)).join('');
    say(`p${String(100 * q).padEnd(14)} ${cells}${off.padEnd(12)}${(bound * 100).toFixed(3)} %`);
  }
  say(
    `alert: ${alertMs === null ? 'never came' : `${alertMs} ms`} from publish to webhook (less than ${MAX_ALERT_MS} ms allowed)`,
  );
  for (const problem of problems) say(`FAILED: ${problem}`);
  // NaN is not JSON; null says the same.
  say(JSON.stringify(report));
}
