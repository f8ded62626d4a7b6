/** The rules on trades and risk as they are provisioned, evaluated over what the desk's collector tells of its fills. */
import { parseRuleFile } from '@tapewatch/contract';
import {
  compileMatchers,
  Labels,
  nanos,
  parse,
  type Fill,
  type Matcher,
  type SelectRequest,
  type SeriesData,
} from '@tapewatch/core';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { Figure } from '../../sidecar/src/collect/collector.ts';
import { tradingCollector } from '../../sidecar/src/collect/trading.ts';
import type { StoreReader } from '../../sidecar/src/ports.ts';
import { createPromqlEngine } from '../../sidecar/src/query/promql-engine.ts';
import { compileRegex } from '../../sidecar/src/regex.ts';

const FOLDER = join(__dirname, '../../provisioning/tapewatch/rules');
const MINUTE = 60_000;
/** A Wednesday morning. */
const NOW_MS = Date.UTC(2026, 0, 7, 9);

function rulesOf(name: string): { readonly alert: string; readonly expr: string; readonly severity: string }[] {
  const file = resolve(FOLDER, name);
  const result = parseRuleFile(readFileSync(file, 'utf8'), { file, checkExpression: parse });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value.groups.flatMap(({ rules }) =>
    rules.map(({ alert = '', expr, labels }) => ({ alert, expr, severity: labels['severity'] ?? '' })),
  );
}

const seriesAt = (labels: Record<string, string>, points: readonly (readonly [ms: number, value: number])[]) => ({
  labels: Labels.from(labels),
  timesMs: points.map(([ms]) => ms),
  values: points.map(([, value]) => value),
});

/** Severities of the triggers that fire, by name. */
async function firing(
  data: readonly SeriesData[],
  file = 'triggers.yaml',
  onAsk: (expr: string) => void = () => undefined,
): Promise<Record<string, string>> {
  const keep = (one: SeriesData, { startMs, endMs }: SelectRequest): SeriesData => {
    const kept = Array.from(one.timesMs, (ms, i) => [ms, one.values?.[i] as number] as const);
    return seriesAt(
      one.labels.toRecord(),
      kept.filter(([ms]) => ms >= startMs && ms <= endMs),
    );
  };
  const matching = (matchers: readonly Matcher[]) => compileMatchers(matchers, compileRegex);
  const reader = {
    select: (request: SelectRequest) => {
      const matches = matching(request.matchers);
      return Promise.resolve(data.filter(({ labels }) => matches(labels)).map((one) => keep(one, request)));
    },
  };
  const engine = createPromqlEngine(reader as unknown as StoreReader);
  const fired: Record<string, string> = {};
  for (const { alert, expr, severity } of rulesOf(file)) {
    onAsk(expr);
    const result = await engine.query(expr, { startMs: NOW_MS, endMs: NOW_MS, stepMs: 0 });
    if (result.type === 'vector' && result.samples.length > 0) fired[alert] = severity;
  }
  return fired;
}

const fillAt = (timeMs: number, more: Partial<Fill>): Fill => ({
  ...{ table: 'fills', id: '', timeNanos: nanos(BigInt(timeMs) * 1_000_000n), orderId: 'o', venue: 'XNAS' },
  ...{ symbol: 'AMD', strategy: 's', account: '', side: 'buy', quantity: 1, price: 10_000, currency: 'USD' },
  ...{ fee: 0, feeCurrency: 'USD', liquidity: '', execution: 'new', refersTo: '' },
  ...more,
});

/** What the collector tells of fills; `mid` is that of every instrument. */
function figuresOf(fills: readonly Fill[], mid?: number): Promise<readonly Figure[]> {
  const quote = mid === undefined ? null : { bid: mid, ask: mid };
  const reader = {
    events: (_: string, { startNanos, endNanos }: { startNanos: bigint; endNanos: bigint }) =>
      Promise.resolve(fills.filter(({ timeNanos }) => timeNanos >= startNanos && timeNanos < endNanos)),
    quotesBefore: (asked: readonly unknown[]) => Promise.resolve(asked.map(() => quote)),
    select: () => Promise.resolve([]),
  } as unknown as Pick<StoreReader, 'events' | 'quotesBefore' | 'select'>;
  const desk = tradingCollector(reader, { initialEquity: 10_000, rollingWindow: 100 });
  return desk.collect(BigInt(NOW_MS) * 1_000_000n) as Promise<readonly Figure[]>;
}

/** Trades of one unit bought at 10,000 with the given profits, the last one a minute ago; earlier ones in days. */
function deskFigures(profits: readonly number[], daysAgo: readonly number[] = []): Promise<readonly Figure[]> {
  const fills = profits.flatMap((profit, i) => {
    const timeMs = NOW_MS - MINUTE - (daysAgo[i] ?? 0) * 86_400_000 - (profits.length - i) * 10;
    const sold = fillAt(timeMs, { id: `s${i}`, side: 'sell', price: 10_000 + profit });
    return [fillAt(timeMs, { id: `b${i}` }), sold];
  });
  return figuresOf(fills);
}

async function firingAfter(profits: readonly number[], daysAgo?: readonly number[]): Promise<Record<string, string>> {
  const figures = await deskFigures(profits, daysAgo);
  return firing(figures.map(({ name, labels, value }) => seriesAt({ ...labels, __name__: name }, [[NOW_MS, value]])));
}

const event = (type: string, points: readonly (readonly [ms: number, value: number])[]): SeriesData =>
  seriesAt({ __name__: 'business_events_total', service: 'risk', event_type: type }, points);

it('there are exactly eight triggers', () => {
  expect(rulesOf('triggers.yaml').map(({ alert }) => alert)).toHaveLength(8);
});

it('a quiet desk fires none of them', async () => {
  expect(await firingAfter([10, -5, 20])).toEqual({});
  expect(await firing([])).toEqual({});
});

it('5 % lost in the day warns, 4.99 % does not (proves: RUL-34)', async () => {
  expect(await firingAfter([-500])).toEqual({ DailyLossLimit: 'WARNING' });
  expect(await firingAfter([-499])).toEqual({});
  expect(await firingAfter([-500, 1], [1, 0])).toEqual({});
});

it('10 % lost in the week is an error (proves: RUL-35)', async () => {
  expect(await firingAfter([-960, -45], [1, 0])).toEqual({ WeeklyLossLimit: 'ERROR' });
  expect(await firingAfter([-950, -40], [1, 0])).toEqual({});
  expect(await firingAfter([-960, -45], [4, 0])).toEqual({});
});

it('20 % below the peak is critical (proves: RUL-36)', async () => {
  expect(await firingAfter([10_000, -4_001, 1], [9, 8, 0])).toEqual({ DrawdownLimit: 'CRITICAL' });
  expect(await firingAfter([10_000, -3_998, 1], [9, 8, 0])).toEqual({});
});

it('the tenth loss in a row warns (proves: RUL-39)', async () => {
  const wins = [1, 1, 1, 1, 1];
  expect(await firingAfter([...wins, ...Array<number>(10).fill(-1)])).toEqual({ ConsecutiveLosses: 'WARNING' });
  expect(await firingAfter([...wins, ...Array<number>(9).fill(-1)])).toEqual({});
});

it('2 wins in 10 warn, 0 wins in 9 do not (proves: RUL-40)', async () => {
  expect(await firingAfter([-1, 1, -1, -1, -1, -1, 1, -1, -1, -1])).toEqual({ LowWinRate: 'WARNING' });
  expect(await firingAfter(Array<number>(9).fill(-1))).toEqual({});
  expect(await firingAfter([-1, 1, -1, -1, -1, 1, 1, -1, -1, -1])).toEqual({});
});

it.each([
  ['circuit_breaker_tripped', 'CircuitBreakerTripped'],
  ['kill_switch_activated', 'KillSwitchActivated'],
])('%s is critical for a minute, its first event as well', async (type, alert) => {
  const first = event(type, [[NOW_MS - 1_000, 1]]);
  expect(await firing([first])).toEqual({ [alert]: 'CRITICAL' });
  const [early, late] = [NOW_MS - 300_000, NOW_MS - 30_000] as const;
  const again = event(
    type,
    [early, NOW_MS - 45_000, late].map((ms) => [ms, ms === late ? 2 : 1] as const),
  );
  expect(await firing([again])).toEqual({ [alert]: 'CRITICAL' });
  const past = event(
    type,
    [early, NOW_MS - 120_000, NOW_MS - 90_000, NOW_MS - 5_000].map((ms) => [ms, 1] as const),
  );
  expect(await firing([past])).toEqual({});
});

it('a lost connection is an error (proves: RUL-41)', async () => {
  const status = (value: number): SeriesData =>
    seriesAt({ __name__: 'exchange_connected', venue: 'XNAS', api: 'orders' }, [[NOW_MS, value]]);
  expect(await firing([status(0)])).toEqual({ ApiDisconnected: 'ERROR' });
  expect(await firing([status(1)])).toEqual({});
});

describe('risk of the desk', () => {
  const told = (name: string, value: number): SeriesData =>
    seriesAt({ __name__: name, currency: 'USD' }, [[NOW_MS, value]]);

  it('a drawdown of 10.1 % fires, one of 10 % does not (proves: RUL-05)', async () => {
    const after = async (profits: readonly number[]): Promise<Record<string, string>> => {
      const figures = await deskFigures(profits, [9, 8]);
      const data = figures.map(({ name, value }) => told(name, value));
      return firing(data, 'risk.yaml');
    };
    expect(await after([-1_010, 0])).toEqual({ LargeTradingLosses: 'CRITICAL' });
    expect(await after([-1_000, 0])).toEqual({});
  });

  it('a leverage of 3.1 that the open positions have fires, 2.9 does not (proves: RUL-09, TRD-22)', async () => {
    const holding = async (quantity: number): Promise<Record<string, string>> => {
      const figures = await figuresOf([fillAt(NOW_MS - MINUTE, { quantity, price: 100 })], 100);
      expect(figures.find(({ name }) => name === 'trading_leverage_ratio')?.value).toBeCloseTo(quantity / 100, 12);
      return firing(
        figures.map(({ name, value }) => told(name, value)),
        'risk.yaml',
      );
    };
    expect(await holding(310)).toEqual({ RiskLimitBreach: 'CRITICAL' });
    expect(await holding(290)).toEqual({});
  });
});

describe('each of the eight triggers', () => {
  const gauge = (name: string, value: number, labels: object = { currency: 'USD' }): SeriesData =>
    seriesAt({ ...labels, __name__: name }, [[NOW_MS, value]]);
  /** What sets off each, and only it; then its threshold, and one that this does not pass. */
  const BREACHES: Readonly<Record<string, { data: readonly SeriesData[]; threshold: RegExp; higher: string }>> = {
    DailyLossLimit: { data: [gauge('trading_day_loss_percent', 5)], threshold: />= 5$/, higher: '>= 6' },
    WeeklyLossLimit: { data: [gauge('trading_week_loss_percent', 10)], threshold: />= 10$/, higher: '>= 11' },
    DrawdownLimit: { data: [gauge('trading_drawdown_percent', 20)], threshold: />= 20$/, higher: '>= 21' },
    ConsecutiveLosses: { data: [gauge('trading_consecutive_losses', 10)], threshold: />= 10$/, higher: '>= 11' },
    LowWinRate: {
      data: [gauge('trading_win_rate_percent', 20), gauge('trading_rolling_trades', 10)],
      ...{ threshold: /< 30/, higher: '< 20' },
    },
    ApiDisconnected: {
      data: [gauge('exchange_connected', 0, { venue: 'XNAS', api: 'orders' })],
      ...{ threshold: /== 0$/, higher: '< 0' },
    },
    CircuitBreakerTripped: {
      data: [event('circuit_breaker_tripped', [[NOW_MS - 1_000, 1]])],
      ...{ threshold: /> 0/g, higher: '> 1' },
    },
    KillSwitchActivated: {
      data: [event('kill_switch_activated', [[NOW_MS - 1_000, 1]])],
      ...{ threshold: /> 0/g, higher: '> 1' },
    },
  };
  const document = parseYaml(readFileSync(join(FOLDER, 'triggers.yaml'), 'utf8')) as {
    groups: { name: string; rules: { alert: string; expr: string }[] }[];
  };
  const everything = Object.values(BREACHES).flatMap(({ data }) => data);
  const names = rulesOf('triggers.yaml').map(({ alert }) => alert);
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tapewatch-triggers-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The names of those that fire once the rules of the file are changed. */
  async function firingWith(change: (rules: (typeof document.groups)[number]['rules']) => object[]): Promise<string[]> {
    const file = join(folder, 'triggers.yaml');
    const groups = document.groups.map((group) => ({ ...group, rules: change(group.rules) }));
    writeFileSync(file, JSON.stringify({ groups }));
    return Object.keys(await firing(everything, file)).sort();
  }

  it('is one of exactly eight, and a check of all asks once for each (proves: RUL-44)', async () => {
    expect(Object.keys(BREACHES).sort()).toEqual([...names].sort());
    const asked: string[] = [];
    expect(Object.keys(await firing(everything, 'triggers.yaml', (expr) => asked.push(expr))).sort()).toEqual(
      [...names].sort(),
    );
    expect(asked).toHaveLength(8);
    expect(new Set(asked).size).toBe(8);
  });

  it.each(names)('%s can be switched off on its own (proves: RUL-42)', async (name) => {
    const others = names.filter((other) => other !== name).sort();
    expect(await firingWith((rules) => rules.filter(({ alert }) => alert !== name))).toEqual(others);
  });

  it.each(names)('%s has a threshold that can be changed (proves: RUL-43)', async (name) => {
    const { data, threshold, higher } = BREACHES[name] as (typeof BREACHES)[string];
    expect(await firing(data)).toHaveProperty(name);
    const others = names.filter((other) => other !== name).sort();
    const changed = await firingWith((rules) =>
      rules.map((rule) => {
        if (rule.alert !== name) return rule;
        const expr = rule.expr.trim().replace(threshold, higher);
        expect(expr).not.toBe(rule.expr.trim());
        return { ...rule, expr };
      }),
    );
    expect(changed).toEqual(others);
  });
});
