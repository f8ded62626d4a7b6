/** The checks that this version runs: the sidecar's own parts, and those of REQUIREMENTS.md 8 that need nothing else. */
import { statfs } from 'node:fs/promises';
import type { Clock, PromqlEngine, SourceStatus } from '../ports.ts';
import type { Check, CheckResult, Level } from './check.ts';
import type { HealthCheckName, HealthCheckOptions } from './health-check-options.ts';

/** Named by the configuration, and not run by this version: their subjects come with a later one. */
export const NOT_YET: readonly HealthCheckName[] = [
  'neo4j_connectivity',
  'api_rate_limit',
  'agent_health',
  'portfolio_health',
  'database_locks',
];

export interface CheckDeps {
  readonly clock: Clock;
  readonly engine: PromqlEngine;
  readonly sources: () => readonly SourceStatus[];
  readonly store: () => Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Undefined when the door for Grafana is switched off. */
  readonly grafana: () => string | undefined;
  readonly host: () => Promise<{ cpuPercent: number; memoryPercent: number; diskPercent: number }>;
  readonly memory: () => { usedBytes: number; limitBytes: number };
  /** The wall clock, in milliseconds. */
  readonly wallMs: () => number;
  /** Where the store is. */
  readonly folder: string;
  readonly limits: {
    /** Jump of the wall clock since the start that is worth telling. */
    readonly clockJumpSeconds: number;
    /** Of the heap's limit. */
    readonly heapDegradedPercent: number;
  };
}

const healthy = (detail: string): CheckResult => ({ level: 'HEALTHY', detail });

export function ownChecks(deps: CheckDeps): readonly Check[] {
  const started = { wallMs: deps.wallMs(), nanos: deps.clock.now() };
  return [
    {
      name: 'nats',
      async run() {
        const away = deps.sources().filter(({ connected }) => !connected);
        if (away.length === 0) return healthy('connected');
        return { level: 'CRITICAL', detail: away.map(({ detail }) => detail).join('; ') };
      },
    },
    {
      name: 'store',
      async run() {
        const { ok, detail } = await deps.store();
        return { level: ok ? 'HEALTHY' : 'CRITICAL', detail };
      },
    },
    {
      name: 'grafana',
      run: async () => healthy(deps.grafana() === undefined ? 'switched off' : `listens at ${deps.grafana()}`),
    },
    {
      name: 'clock',
      async run() {
        const wall = deps.wallMs() - started.wallMs;
        const jump = Math.abs(wall - Number(deps.clock.now() - started.nanos) / 1e6) / 1000;
        const level: Level = jump > deps.limits.clockJumpSeconds ? 'DEGRADED' : 'HEALTHY';
        return { level, detail: `wall clock and running clock differ by ${jump.toFixed(3)} s since the start` };
      },
    },
    {
      name: 'memory',
      async run() {
        const { usedBytes, limitBytes } = deps.memory();
        const percent = (100 * usedBytes) / limitBytes;
        const level: Level = percent > deps.limits.heapDegradedPercent ? 'DEGRADED' : 'HEALTHY';
        return { level, detail: `${percent.toFixed(0)} % of the heap's limit in use` };
      },
    },
  ];
}

export function configuredChecks(deps: CheckDeps, options: HealthCheckOptions): readonly Check[] {
  const bodies: Partial<Record<HealthCheckName, Check['run']>> = {
    exchange_connectivity: () => exchangeConnectivity(deps, options.exchange_connectivity.silent_seconds),
    system_resources: async () => systemResources(await deps.host(), options.system_resources.degraded_percent),
    disk_space: () => diskSpace(deps.folder, options.disk_space),
  };
  return Object.entries(options).flatMap(([name, { enabled, interval_seconds: intervalSeconds }]) => {
    const run = bodies[name as HealthCheckName];
    return enabled && run !== undefined ? [{ name, intervalSeconds, run }] : [];
  });
}

/** A venue that has sent quotes within five minutes and none for a while is away. */
async function exchangeConnectivity({ engine, clock }: CheckDeps, silentSeconds: number): Promise<CheckResult> {
  const timeMs = Number(clock.now() / 1_000_000n);
  const at = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
  const known = 'sum by (venue) (increase(quotes_total[5m])) > 0';
  const [all, away] = await Promise.all([
    engine.query(known, at),
    engine.query(`${known} unless sum by (venue) (increase(quotes_total[${silentSeconds}s])) > 0`, at),
  ]);
  const names = (result: typeof all): string[] =>
    result.type === 'vector' ? result.samples.map(({ labels }) => labels.get('venue')) : [];
  const silent = names(away);
  if (silent.length === 0) return healthy(`${names(all).length} exchange(s) heard`);
  const level = silent.length === names(all).length ? 'CRITICAL' : 'DEGRADED';
  return { level, detail: `nothing heard for ${silentSeconds} s from ${silent.join(', ')}` };
}

function systemResources(host: Awaited<ReturnType<CheckDeps['host']>>, degradedPercent: number): CheckResult {
  const text = `processor ${host.cpuPercent.toFixed(0)} %, memory ${host.memoryPercent.toFixed(0)} %, disk ${host.diskPercent.toFixed(0)} %`;
  const worst = Math.max(host.cpuPercent, host.memoryPercent, host.diskPercent);
  return { level: worst > degradedPercent ? 'DEGRADED' : 'HEALTHY', detail: text };
}

async function diskSpace(folder: string, limits: HealthCheckOptions['disk_space']): Promise<CheckResult> {
  const { bavail, bfree, blocks, bsize } = await statfs(folder);
  // As `df` has it: what is kept for root counts neither as used nor as free.
  const usedPercent = (100 * (blocks - bfree)) / Math.max(1, blocks - bfree + bavail);
  const detail = `${((bavail * bsize) / 2 ** 30).toFixed(1)} GiB free at ${folder}`;
  if (usedPercent > limits.critical_percent) return { level: 'CRITICAL', detail };
  return { level: usedPercent > limits.degraded_percent ? 'DEGRADED' : 'HEALTHY', detail };
}
