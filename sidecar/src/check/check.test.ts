/** Health checks: periods of their own, one level of all, a change told once, a hanging check given up. */
import { RecordingLog, ScriptedEngine, VirtualClock } from '../alerting/testing/virtual-world.ts';
import { type Check, type CheckResult, Health, type Level } from './check.ts';
import { type CheckDeps, configuredChecks, NOT_YET, ownChecks } from './checks.ts';
import { healthCheckOptions, type HealthCheckName } from './health-check-options.ts';

const result = (level: Level): CheckResult => ({ level, detail: level.toLowerCase() });

function world(checks: readonly Check[], timeoutMs = 1_000) {
  const clock = new VirtualClock();
  const changes: string[] = [];
  const health = new Health(
    {
      clock,
      log: new RecordingLog(),
      onResult: () => undefined,
      onChange: ({ name, level }, before) => void changes.push(`${name} ${before ?? '-'}>${level}`),
      timeoutMs,
    },
    checks,
  );
  return { clock, health, changes };
}

it('runs each check with its own period, the others with the loop', async () => {
  const ran: string[] = [];
  const check = (name: string, intervalSeconds?: number): Check => ({
    name,
    ...(intervalSeconds === undefined ? {} : { intervalSeconds }),
    run: async () => {
      ran.push(name);
      return result('HEALTHY');
    },
  });
  const { clock, health } = world([check('ten', 10), check('thirty', 30), check('loop')]);
  await clock.advance(30_000);
  expect(ran.filter((name) => name === 'ten')).toHaveLength(3);
  expect(ran.filter((name) => name === 'thirty')).toHaveLength(1);
  expect(ran).not.toContain('loop');
  await health.runDue();
  expect(ran.filter((name) => name === 'loop')).toHaveLength(1);
  health.close();
});

it('takes the worst level of all, and tells a change once (proves: WSL-09)', async () => {
  let level: Level = 'HEALTHY';
  const { health, changes } = world([
    { name: 'a', run: async () => result('HEALTHY') },
    { name: 'b', run: async () => result(level) },
  ]);
  await health.runAll();
  for (level of ['DEGRADED', 'DEGRADED', 'CRITICAL'] as const) await health.runAll();
  expect(health.level).toBe('CRITICAL');
  level = 'HEALTHY';
  await health.runAll();
  expect(health.level).toBe('HEALTHY');
  expect(changes).toEqual(['b HEALTHY>DEGRADED', 'b DEGRADED>CRITICAL', 'b CRITICAL>HEALTHY']);
});

it('gives up a check that hangs, and calls one that throws critical', async () => {
  const { health } = world(
    [
      { name: 'hangs', run: () => new Promise(() => undefined) },
      { name: 'throws', run: () => Promise.reject(new Error('no route')) },
    ],
    20,
  );
  const states = await health.runAll();
  expect(Object.fromEntries(states.map(({ name, level, detail }) => [name, `${level}: ${detail}`]))).toEqual({
    hangs: 'CRITICAL: no answer within 20 ms',
    throws: 'CRITICAL: no route',
  });
});

describe('the checks of this version', () => {
  const clock = new VirtualClock();
  const engine = new ScriptedEngine();
  let wall = 0;
  let connected = true;
  const host = { cpuPercent: 10, memoryPercent: 20, diskPercent: 30 };
  const memory = { usedBytes: 10, limitBytes: 100 };
  const deps: CheckDeps = {
    clock,
    engine,
    sources: () => [{ connected, server: 'nats://x', detail: connected ? 'ok' : 'no server answers' }],
    store: async () => ({ ok: true, detail: 'writes' }),
    grafana: () => 'unix:/x',
    host: async () => host,
    memory: () => memory,
    wallMs: () => wall,
    folder: '/',
    limits: { clockJumpSeconds: 1, heapDegradedPercent: 85 },
  };
  const levels = async (): Promise<Record<string, Level>> => {
    const all = [...ownChecks(deps), ...configuredChecks(deps, healthCheckOptions.parse({}))];
    const results = await Promise.all(
      all.map(async ({ name, run }) => [name, (await run(new AbortController().signal)).level]),
    );
    return Object.fromEntries(results) as Record<string, Level>;
  };

  it('are healthy together, and each turns by its own cause', async () => {
    const good = await levels();
    expect(Object.keys(good).sort()).toEqual(
      ['clock', 'disk_space', 'exchange_connectivity', 'grafana', 'memory', 'nats', 'store', 'system_resources'].sort(),
    );
    delete good['disk_space'];
    expect(new Set(Object.values(good))).toEqual(new Set(['HEALTHY']));
    connected = false;
    host.memoryPercent = 91;
    memory.usedBytes = 90;
    const known = 'sum by (venue) (increase(quotes_total[5m])) > 0';
    engine.answers.set(known, { XNAS: 1, XLON: 1 });
    engine.answers.set(`${known} unless sum by (venue) (increase(quotes_total[30s])) > 0`, { XLON: 1 });
    expect(await levels()).toMatchObject({
      nats: 'CRITICAL',
      system_resources: 'DEGRADED',
      memory: 'DEGRADED',
      exchange_connectivity: 'DEGRADED',
    });
  });

  it('take their thresholds from the settings', async () => {
    const run = async (name: HealthCheckName, options: object): Promise<Level> => {
      const checks = configuredChecks(deps, healthCheckOptions.parse({ [name]: options }));
      const check = checks.find((candidate) => candidate.name === name) as Check;
      return (await check.run(new AbortController().signal)).level;
    };
    host.memoryPercent = 50;
    expect(await run('system_resources', { degraded_percent: 49 })).toBe('DEGRADED');
    expect(await run('system_resources', { degraded_percent: 51 })).toBe('HEALTHY');
    expect(await run('disk_space', { degraded_percent: 0, critical_percent: 100 })).toBe('DEGRADED');
    expect(await run('disk_space', { degraded_percent: 0, critical_percent: 0 })).toBe('CRITICAL');
    engine.asked.length = 0;
    await run('exchange_connectivity', { silent_seconds: 12 });
    expect(engine.asked.join()).toContain('quotes_total[12s]');
  });

  it('notices that the wall clock jumped', async () => {
    const clockCheck = ownChecks(deps).find(({ name }) => name === 'clock') as Check;
    wall += 5_000;
    expect((await clockCheck.run(new AbortController().signal)).level).toBe('DEGRADED');
  });

  it('run only where they are enabled, with the period that is set; the others are named', () => {
    const options = healthCheckOptions.parse({
      exchange_connectivity: { interval_seconds: 7 },
      disk_space: { enabled: false },
    });
    const checks = configuredChecks(deps, options);
    expect(checks.map(({ name, intervalSeconds }) => [name, intervalSeconds])).toEqual([
      ['exchange_connectivity', 7],
      ['system_resources', 60],
    ]);
    expect([...NOT_YET, ...checks.map(({ name }) => name), 'disk_space'].sort()).toEqual(Object.keys(options).sort());
  });
});
