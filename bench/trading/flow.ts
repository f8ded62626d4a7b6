/**
 * How many order events and quotes a second the whole sidecar takes: over a real NATS into DuckDB, rows and the metrics
 * that are derived of them. `drain` is the time from the last event to when all of them are durable and countable, which
 * bounds how old any figure was; `visible` is the age of derived samples when queries see them.
 */
import { exposition, quantileOf, sumOf } from '../exposition.ts';
import { reportOf } from '../program-report.ts';
import { usageOf } from '../process-usage.ts';
import { startRig, type Rig } from '../rig.ts';
import type { FeedPlan, FeedReport } from './event-feed.ts';
import { FLOW_TARGET } from './flow-target.ts';

const SETTLE_TIMEOUT_MS = 60_000;
const SETTLE_STEP_MS = 20;
const WARM_SECONDS = 3;

export interface FlowResult {
  readonly ordersPerSecond: number;
  readonly quotesPerSecond: number;
  readonly batch: number;
  readonly cpuCores: number;
  readonly microsPerEvent: number;
  readonly natsCpuCores: number;
  readonly rssMb: number;
  readonly visibleP50Ms: number;
  readonly visibleP99Ms: number;
  readonly drainMs: number;
  readonly lost: number;
}

const STREAMS = [
  { name: 'orders', subject: 'bench.orders', payload: 'order' },
  { name: 'quotes', subject: 'bench.quotes', payload: 'quote' },
];

export async function benchFlow(share: number, batch: number, seconds: number): Promise<FlowResult> {
  const rig = await startRig({ config: { streams: STREAMS } });
  try {
    const rates = {
      ordersPerSecond: FLOW_TARGET.ordersPerSecond * share,
      quotesPerSecond: FLOW_TARGET.quotesPerSecond * share,
    };
    const plan = { server: rig.nats, ...rates, batch };
    const warm = await feed({ ...plan, seconds: WARM_SECONDS, prefix: 'w' });
    await settled(rig, warm.orders + warm.quotes);
    const before = { text: await exposition(rig.http), ...usagesOf(rig) };
    const main = await feed({ ...plan, seconds, prefix: 'm' });
    const ended = performance.now();
    const published = warm.orders + warm.quotes + main.orders + main.quotes;
    const stored = await settled(rig, published);
    const drainMs = performance.now() - ended;
    const after = { text: await exposition(rig.http), ...usagesOf(rig) };
    const visible = (q: number): number =>
      quantileOf(q, 'tapewatch_sample_visible_seconds', before.text, after.text) * 1_000;
    const cpu = after.sidecar.cpuSeconds - before.sidecar.cpuSeconds;
    return {
      ordersPerSecond: Math.round(main.orders / main.seconds),
      quotesPerSecond: Math.round(main.quotes / main.seconds),
      batch,
      cpuCores: cpu / main.seconds,
      microsPerEvent: (cpu / (main.orders + main.quotes)) * 1e6,
      natsCpuCores: (after.nats.cpuSeconds - before.nats.cpuSeconds) / main.seconds,
      rssMb: Math.round(after.sidecar.peakRssMb),
      visibleP50Ms: visible(0.5),
      visibleP99Ms: visible(0.99),
      drainMs: Math.round(drainMs),
      lost: published - stored,
    };
  } finally {
    await rig.stop();
  }
}

function usagesOf(rig: Rig) {
  return { sidecar: usageOf(rig.sidecarPid), nats: usageOf(rig.natsPid) };
}

function feed(plan: FeedPlan): Promise<FeedReport> {
  return reportOf('bench/trading/event-feed.ts', plan);
}

/** Waits until everything is durable, or nothing has changed for some seconds. */
async function settled(rig: Rig, expected: number): Promise<number> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  let [stored, since] = [-1, Date.now()];
  while (Date.now() < deadline) {
    const now = sumOf(await exposition(rig.http), 'tapewatch_stored_items_total', 'stream="(?:orders|quotes)"');
    if (now >= expected) return now;
    if (now !== stored) [stored, since] = [now, Date.now()];
    else if (Date.now() - since > 8_000) return now;
    await new Promise((done) => setTimeout(done, SETTLE_STEP_MS));
  }
  return stored;
}
