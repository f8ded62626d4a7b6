/**
 * What the live trading figures keep in memory (REQUIREMENTS.md PRF-25): a full window of a hundred trades, and a thousand
 * alerts that fire, each with its labels, texts and correlation id. Growth of V8's heap and of buffers outside it, each
 * measured after a collection.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Labels, parseTemplate, stepRule, TradeTracker, EMPTY_RULE_STATE, type AlertingRule } from '@tapewatch/core';
import { AlertEvidence } from '../sidecar/src/alerting/alert-evidence.ts';
import { SystemClock } from '../sidecar/src/clock.ts';
import type { Demand } from './demand.ts';
import { seededRandom } from './samples.ts';

/** More than one of it, since a heap's own slack is of the size of one. */
const COPIES = 20;
const TRADES = 100;
const ALERTS = 1_000;
const DAY_NANOS = 86_400_000_000_000n;
const NOW_NANOS = 19_000n * DAY_NANOS;

export interface HeldMemory {
  readonly trades: number;
  readonly bytesPerTrade: number;
  readonly alerts: number;
  readonly bytesPerAlert: number;
  readonly totalBytes: number;
}

export async function measureHeldMemory(): Promise<HeldMemory> {
  // The first of each kind compiles code and fills caches that are there once, whatever is held.
  const first = [fullTracker(), await firingAlerts()];
  const before = heldBytes();
  const trackers = Array.from({ length: COPIES }, fullTracker);
  const withTrades = heldBytes();
  const alerts: unknown[] = [];
  for (let copy = 0; copy < COPIES; copy++) alerts.push(await firingAlerts());
  const withAlerts = heldBytes();
  keep([first, trackers, alerts]);
  const [tradeBytes, alertBytes] = [(withTrades - before) / COPIES, (withAlerts - withTrades) / COPIES];
  return {
    ...{ trades: TRADES, bytesPerTrade: Math.round(tradeBytes / TRADES) },
    ...{ alerts: ALERTS, bytesPerAlert: Math.round(alertBytes / ALERTS) },
    totalBytes: Math.round(tradeBytes + alertBytes),
  };
}

export function heldMemoryDemands({ totalBytes }: HeldMemory): Demand[] {
  const name = 'memory of 100 trades and 1,000 alerts';
  return [{ name, value: totalBytes / 1_000, unit: 'kB', bound: 'below', limit: 1_000, rows: ['PRF-25'] }];
}

function fullTracker(): TradeTracker {
  const random = seededRandom(7);
  const tracker = new TradeTracker({ window: TRADES });
  for (let i = 0; i < 2 * TRADES; i++) {
    tracker.record({ timeNanos: NOW_NANOS + BigInt(i), profit: Math.round((random() - 0.48) * 10_000) / 100 });
  }
  tracker.metrics(NOW_NANOS + BigInt(2 * TRADES));
  return tracker;
}

const RULE: AlertingRule = {
  name: 'SlippageHigh',
  forNanos: 0n,
  keepFiringForNanos: 0n,
  labels: { severity: parseTemplate('warning') },
  annotations: {
    summary: parseTemplate('Slippage of {{ $labels.strategy }} at {{ $labels.venue }} is {{ $value }} basis points'),
    runbook: parseTemplate('runbooks/slippage.md'),
  },
};

async function firingAlerts(): Promise<unknown> {
  const vector = Array.from({ length: ALERTS }, (_, i) => ({
    labels: Labels.from({ __name__: 'slippage_bps', strategy: `s${i % 50}`, venue: `v${Math.floor(i / 50)}` }),
    timeMs: Number(NOW_NANOS / 1_000_000n),
    value: 5 + i / 100,
  }));
  const step = stepRule(RULE, EMPTY_RULE_STATE, { vector, now: NOW_NANOS });
  if (!step.ok || step.state.size !== ALERTS) throw new Error(`expected ${ALERTS} alerts, got ${JSON.stringify(step)}`);
  const evidence = new AlertEvidence();
  const rule = { name: RULE.name, group: 'desk', explainOverMs: 0, timeoutMs: 1_000 };
  const deps = { clock: new SystemClock(), log: { warn: () => undefined }, explain: () => Promise.resolve({}) };
  await evidence.complete(step.transitions, rule, deps);
  return [step.state, evidence];
}

let gc: (() => void) | undefined;

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  gc ??= runInNewContext('gc') as () => void;
  // A second round ends what the first only marked for finalising.
  for (let round = 0; round < 3; round++) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Used after the last reading, so that nothing of it is collected before. */
function keep(held: unknown): void {
  if (held === undefined) throw new Error('unreachable');
}
