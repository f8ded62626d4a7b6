/**
 * What the live trading figures keep in memory (REQUIREMENTS.md PRF-25): a full window of a hundred trades, and a full
 * history of a thousand alerts, each with its labels, texts and correlation id, resolved. Growth of V8's heap and of buffers
 * outside it, each measured after a collection.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Labels, parseTemplate, stepRule, TradeTracker, EMPTY_RULE_STATE, type AlertingRule } from '@tapewatch/core';
import { AlertEvidence } from '../sidecar/src/alerting/alert-evidence.ts';
import { AlertHistory } from '../sidecar/src/alerting/alert-history.ts';
import { alertObjectOf } from '../sidecar/src/alerting/alert-object.ts';
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
  const first = [fullTracker(), await fullHistory()];
  const before = heldBytes();
  const trackers = Array.from({ length: COPIES }, fullTracker);
  const withTrades = heldBytes();
  const alerts: unknown[] = [];
  for (let copy = 0; copy < COPIES; copy++) alerts.push(await fullHistory());
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

async function fullHistory(): Promise<AlertHistory> {
  const vector = Array.from({ length: ALERTS }, (_, i) => ({
    labels: Labels.from({ __name__: 'slippage_bps', strategy: `s${i % 50}`, venue: `v${Math.floor(i / 50)}` }),
    timeMs: Number(NOW_NANOS / 1_000_000n),
    value: 5 + i / 100,
  }));
  const evidence = new AlertEvidence();
  const rule = { name: RULE.name, group: 'desk', explainOverMs: 0, timeoutMs: 1_000 };
  const source = { ...rule, expr: 'slippage_bps > 5', measured: { metric: 'slippage_bps', threshold: 5 } };
  const deps = { clock: new SystemClock(), log: { warn: () => undefined }, explain: () => Promise.resolve({}) };
  const history = new AlertHistory(ALERTS);
  let state = EMPTY_RULE_STATE;
  // They begin, and end an hour later.
  for (const [held, now] of [[vector, NOW_NANOS] as const, [[], NOW_NANOS + 3_600_000_000_000n] as const]) {
    const step = stepRule(RULE, state, { vector: held, now });
    if (!step.ok) throw new Error(step.problem);
    state = step.state;
    for (const transition of await evidence.complete(step.transitions, rule, deps)) {
      const alert = alertObjectOf(transition, source);
      if (alert !== undefined) history.take(alert);
    }
  }
  const kept = history.list({ nowMs: 0, limit: Infinity }).length;
  if (kept !== ALERTS) throw new Error(`the history holds ${kept} alerts where ${ALERTS} were taken`);
  return history;
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
