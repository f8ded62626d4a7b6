/** What the loop of metrics collects: the machine, the desk's money, exchanges, and our own API. */
import {
  compileMatchers,
  Labels,
  nanos,
  type Fill,
  type NumberSample,
  type Quote,
  type SelectRequest,
  type SeriesData,
} from '@tapewatch/core';
import { RecordingLog, ScriptedEngine, VirtualClock } from '../alerting/testing/virtual-world.ts';
import { apiCollector } from './api.ts';
import { createCollection, type Collector, type Figure } from './collector.ts';
import type { EventFilter, StoreReader } from '../ports.ts';
import { createPromqlEngine } from '../query/promql-engine.ts';
import { compileRegex } from '../regex.ts';
import { AGENT_FIGURES, derivedCollector, EXCHANGE_FIGURES } from './derived.ts';
import { hostCollector, hostReader, parseNetDev, sharedReading } from './host.ts';

const readHost = hostReader('/');
import { tradingCollector } from './trading.ts';

const SECOND = 1_000_000_000n;
const NOW = 1_800_000_000n * SECOND;

const byName = (figures: readonly Figure[]): Record<string, number> =>
  Object.fromEntries(figures.map(({ name, value }) => [name, value]));

describe('a collection', () => {
  it('records what each collector yields with the time of the run, and goes on when one fails', async () => {
    const recorded: NumberSample[] = [];
    const log = new RecordingLog();
    const clock = new VirtualClock();
    const good: Collector = {
      group: 'system',
      collect: async () => [
        { name: 'cpu_usage_percent', kind: 'gauge', unit: 'percent', help: '', labels: { service: 'host' }, value: 5 },
        { name: 'unknown', kind: 'gauge', unit: '', help: '', labels: {}, value: NaN },
      ],
    };
    const bad: Collector = { group: 'trading', collect: () => Promise.reject(new Error('store away')) };
    const none: Collector = { group: 'agent', collect: async () => [] };
    const run = createCollection({ clock, log, record: (samples) => void recorded.push(...samples) }, [
      good,
      bad,
      none,
    ]);
    await run();
    await run();
    expect(recorded.map(({ labels, value, timeNanos }) => [labels.toRecord(), value, timeNanos])).toEqual(
      Array.from({ length: 2 }, () => [{ __name__: 'cpu_usage_percent', service: 'host' }, 5, clock.now()]),
    );
    // That a group has no source is said once, not with every run.
    expect(log.lines.filter((line) => line.includes('has no source yet'))).toHaveLength(1);
    expect(log.lines.filter((line) => line.includes('could not be collected'))).toHaveLength(2);
  });
});

it('reads processor, memory, disk and network of this machine (proves: MET-59)', async () => {
  const figures = byName(await hostCollector(readHost, 'box').collect(NOW));
  expect(Object.keys(figures).sort()).toEqual([
    'cpu_usage_percent',
    'disk_usage_percent',
    'memory_usage_bytes',
    'memory_usage_percent',
    'network_in_bytes_per_sec',
    'network_out_bytes_per_sec',
  ]);
  for (const name of ['cpu_usage_percent', 'memory_usage_percent', 'disk_usage_percent']) {
    expect(figures[name]).toBeGreaterThanOrEqual(0);
    expect(figures[name]).toBeLessThanOrEqual(100);
  }
  expect(figures['memory_usage_bytes']).toBeGreaterThan(1e6);
});

it('adds up the bytes of all interfaces but the loopback', () => {
  const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:   1000       5    0    0    0     0          0         0     1000       5    0    0    0     0       0          0
  eth0:     20       1    0    0    0     0          0         0       30       1    0    0    0     0       0          0
 wlan0:4000000000     1    0    0    0     0          0         0 5000000000       1    0    0    0     0       0          0
`;
  expect(parseNetDev(table)).toEqual({ received: 4_000_000_020, sent: 5_000_000_030 });
});

it('shares a reading for five seconds, but not a failed one', async () => {
  let [nowMs, reads] = [0, 0];
  const read = sharedReading(
    async () => {
      reads += 1;
      if (reads === 1) throw new Error('no');
      return readHost();
    },
    () => nowMs,
  );
  await expect(read()).rejects.toThrow('no');
  expect(await read()).toBe(await read());
  expect(reads).toBe(2);
  nowMs = 5_000;
  await read();
  expect(reads).toBe(3);
});

describe('the desk', () => {
  let fills: Fill[];
  let seconds: number;
  const reader = {
    async events(_table: unknown, { startNanos, endNanos, limit = Infinity, newestFirst = false }: EventFilter) {
      const found = fills.filter(({ timeNanos }) => timeNanos >= startNanos && timeNanos < endNanos);
      if (newestFirst) found.reverse();
      return found.slice(0, limit) as never;
    },
    select: (): Promise<SeriesData[]> => Promise.resolve(told),
    quotesBefore: (asked: readonly { symbol: string; timeNanos: bigint }[]) =>
      Promise.resolve(asked.map(({ symbol }) => quoteOf(mids[symbol]))),
  };
  let mids: Record<string, number>;
  let told: SeriesData[];
  const quoteOf = (mid: number | undefined): Quote | null =>
    mid === undefined
      ? null
      : {
          ...{ table: 'quotes', timeNanos: nanos(NOW), venue: 'XNAS', symbol: '', exchangeNanos: null, sequence: null },
          ...{ bid: mid, ask: mid, bidSize: 1, askSize: 1 },
        };
  const trade = (side: 'buy' | 'sell', price: number, over: Partial<Fill> = {}): void => {
    seconds += 1;
    fills.push({
      table: 'fills',
      id: `f${seconds}`,
      timeNanos: nanos(NOW + BigInt(seconds) * SECOND),
      orderId: 'o',
      venue: 'XNAS',
      symbol: 'AAPL',
      strategy: 'mm',
      account: '',
      side,
      quantity: 10,
      price,
      currency: 'USD',
      fee: 0,
      feeCurrency: 'USD',
      liquidity: '',
      execution: 'new',
      refersTo: '',
      ...over,
    });
  };
  /** One that comes after others with later stamps; the store gives them in order of time. */
  const lateTrade = (...told: Parameters<typeof trade>): void => {
    trade(...told);
    fills.sort((a, b) => Number(a.timeNanos - b.timeNanos));
  };
  /** A run a minute after the last trade. */
  const later = (): bigint => NOW + BigInt((seconds += 60)) * SECOND;
  beforeEach(() => {
    fills = [];
    seconds = 0;
    mids = {};
    told = [];
  });

  it('starts at the initial equity, and follows profit, fees, peak and drawdown (proves: CFG-33, MET-100)', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 100 });
    trade('buy', 100);
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_equity: 1_000, trading_open_positions: 1 });
    trade('sell', 120, { fee: 50 });
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_realised_pnl: 200, trading_equity: 1_150 });
    trade('buy', 100);
    trade('sell', 77);
    expect(byName(await desk.collect(later()))).toMatchObject({
      trading_equity: 920,
      trading_equity_peak: 1_150,
      trading_drawdown_percent: 20,
      trading_drawdown_max_percent: 20,
      trading_open_positions: 0,
    });
  });

  it('looks at the last trades only: the oldest falls out (proves: CFG-34)', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 4 });
    for (const exit of [110, 110, 90, 110]) {
      trade('buy', 100);
      trade('sell', exit);
    }
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_win_rate_percent: 75 });
    trade('buy', 100);
    trade('sell', 90);
    expect(byName(await desk.collect(later()))).toMatchObject({
      trading_win_rate_percent: 50,
      trading_rolling_trades: 4,
    });
  });

  it('counts each fill once over pages and runs, also where many share a stamp', async () => {
    const desk = tradingCollector(reader, { initialEquity: 0, rollingWindow: 10 });
    for (let i = 0; i < 25_000; i += 1) {
      const timeNanos = nanos(NOW + BigInt(Math.floor(i / 9_000)) * SECOND);
      trade(i % 2 === 0 ? 'buy' : 'sell', i % 2 === 0 ? 1 : 2, { quantity: 1, timeNanos });
    }
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_realised_pnl: 12_500 });
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_realised_pnl: 12_500 });
  });

  it('books a fill that came late in its place, and keeps what it remembers of the portfolio', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 100 });
    trade('buy', 100);
    trade('buy', 100);
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_open_positions: 1, trading_realised_pnl: 0 });
    // Between the two: it sold what the first one had bought, so that the second one opens anew.
    lateTrade('sell', 130, { timeNanos: nanos(NOW + SECOND + 1n) });
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_open_positions: 1, trading_realised_pnl: 300 });
    trade('sell', 90);
    const booked = byName(await desk.collect(later()));
    expect(booked).toMatchObject({ trading_open_positions: 0, trading_realised_pnl: 200 });
    expect(byName(await desk.collect(later()))).toMatchObject(booked);
  });

  it('goes on telling the books without a late fill until all is read again', async () => {
    const desk = tradingCollector(reader, { initialEquity: 0, rollingWindow: 10 });
    for (let i = 0; i < 200_002; i += 1) trade(i % 2 === 0 ? 'buy' : 'sell', i % 2 === 0 ? 1 : 2, { quantity: 1 });
    await desk.collect(later());
    const told = byName(await desk.collect(later()));
    expect(told).toMatchObject({ trading_realised_pnl: 100_001, trading_open_positions: 0 });
    lateTrade('buy', 1, { quantity: 1, symbol: 'MSFT', timeNanos: nanos(NOW + BigInt(seconds - 300) * SECOND) });
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_open_positions: 0 });
    expect(byName(await desk.collect(later()))).toMatchObject({
      trading_realised_pnl: 100_001,
      trading_open_positions: 1,
    });
  }, 180_000);

  it('knows after a restart what the portfolio was worth before', async () => {
    const timesMs = Float64Array.from({ length: 70 }, (_, i) => Number(NOW / 1_000_000n) - (70 - i) * 60_000);
    const labels = Labels.from({ __name__: 'trading_portfolio_value', currency: 'USD' });
    told = [{ labels, timesMs, values: new Float64Array(70).fill(800), levelsMs: [0] }];
    trade('buy', 100, { quantity: 1, fee: 200 });
    mids = { AAPL: 100 };
    const figures = await tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 10 }).collect(later());
    const hour = figures.find(({ labels: { horizon } }) => horizon === '1h');
    const value = byName(figures)['trading_portfolio_value'] ?? NaN;
    expect(hour?.value).toBeCloseTo(100 * (value / 800 - 1), 9);
    expect(figures.some(({ labels: { horizon } }) => horizon === '24h')).toBe(false);
  });

  it('tells nothing of a part of the fills', async () => {
    const desk = tradingCollector(reader, { initialEquity: 0, rollingWindow: 10 });
    for (let i = 0; i < 200_002; i += 1) trade(i % 2 === 0 ? 'buy' : 'sell', i % 2 === 0 ? 1 : 2, { quantity: 1 });
    expect(await desk.collect(later())).toEqual([]);
    expect(byName(await desk.collect(later()))).toMatchObject({ trading_realised_pnl: 100_001 });
  }, 60_000);

  it('tells the day, the week and losses in a row, and reads a bust back (proves: MET-98)', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 100 });
    for (const exit of [110, 95, 95]) {
      trade('buy', 100);
      trade('sell', exit);
    }
    const told = byName(await desk.collect(later()));
    expect(told).toMatchObject({ trading_profit: 0, trading_profit_day: 0, trading_consecutive_losses: 2 });
    expect(told['trading_win_rate_percent']).toBeCloseTo(100 / 3, 9);
    expect(told['trading_drawdown_percent']).toBeCloseTo((100 * 100) / 1_100, 9);
    expect(told).not.toHaveProperty('trading_sharpe_ratio');
    const lost = fills.at(-1) as Fill;
    trade('sell', 95, { id: 'b', execution: 'bust', refersTo: lost.id });
    expect(byName(await desk.collect(later()))).toMatchObject({
      trading_profit: 50,
      trading_consecutive_losses: 1,
      trading_open_positions: 1,
    });
    const nextDay = NOW + 86_400n * SECOND;
    expect(byName(await desk.collect(nextDay))).toMatchObject({ trading_profit: 50, trading_profit_day: 0 });
  });

  it('tells exposure, leverage and what the open positions may lose (proves: MET-64)', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 10 });
    trade('buy', 100);
    trade('sell', 50, { symbol: 'INTC' });
    expect(byName(await desk.collect(later()))).not.toHaveProperty('trading_exposure_gross');
    for (let run = 0; run <= 1_000; run += 1) {
      mids = { AAPL: 100 + (run % 2), INTC: 50 };
      const told = byName(await desk.collect(NOW + BigInt(3_600 + run) * SECOND));
      if (run < 200) expect(told).not.toHaveProperty('trading_var_95');
      // A dollar more makes 10 of open profit: equity is what would be left after closing everything.
      if (run === 1) expect(told).toMatchObject({ trading_leverage_ratio: 1_510 / 1_010 });
      if (run === 1_000) {
        expect(told).toMatchObject({
          trading_exposure_gross: 1_500,
          trading_exposure_net: 500,
          trading_leverage_ratio: 1.5,
        });
        expect(told).toMatchObject({ trading_var_95: 10, trading_var_99: 10, trading_shortfall_99: 10 });
      }
    }
  });

  it('profit, win rate, Sharpe ratio and drawdown move after trades (proves: MET-60)', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 100 });
    for (let i = 0; i < 40; i += 1) {
      trade('buy', 100);
      trade('sell', i % 3 === 0 ? 99 : 101);
      seconds += 3_600;
    }
    const before = byName(await desk.collect(later()));
    trade('buy', 100);
    trade('sell', 90);
    const after = byName(await desk.collect(later()));
    for (const name of ['realised_pnl', 'win_rate_percent', 'sharpe_ratio', 'sortino_ratio', 'drawdown_percent']) {
      expect([typeof before[`trading_${name}`], typeof after[`trading_${name}`]]).toEqual(['number', 'number']);
      expect(after[`trading_${name}`]).not.toBe(before[`trading_${name}`]);
    }
    expect(after['trading_sharpe_ratio'] as number).toBeLessThan(before['trading_sharpe_ratio'] as number);
  });

  it('tells the value of the portfolio by its parts, its returns, and positions (proves: MET-65)', async () => {
    const desk = tradingCollector(reader, { initialEquity: 1_000, rollingWindow: 10 });
    trade('buy', 50, { fee: 1 });
    trade('sell', 20, { symbol: 'INTC' });
    const week = 7 * 86_400;
    const byPart: Record<string, number> = {};
    const returns: Record<string, number> = {};
    for (const [second, price] of [
      [60, 50],
      [week - 86_400 + 60, 40],
      [week - 3_600 + 60, 55],
      [week + 60, 60],
    ] as const) {
      mids = { AAPL: price, INTC: 20 };
      for (const { name, labels, value } of await desk.collect(NOW + BigInt(second) * SECOND)) {
        if (name === 'trading_portfolio_part') byPart[labels['part'] ?? ''] = value;
        if (name === 'trading_portfolio_value') byPart['value'] = value;
        if (name === 'trading_open_positions') byPart['positions'] = value;
        if (name === 'trading_portfolio_return_percent') returns[labels['horizon'] ?? ''] = value;
      }
    }
    // 1,000 - 1 of fees, 10 at 60 bought at 50, 10 sold at 20 and now at 20.
    expect(byPart).toEqual({ cash: 699, AAPL: 600, INTC: -200, value: 1_099, positions: 2 });
    expect(returns['1h']).toBeCloseTo(100 * (1_099 / 1_049 - 1), 9);
    expect(returns['24h']).toBeCloseTo(100 * (1_099 / 899 - 1), 9);
    expect(returns['7d']).toBeCloseTo(100 * (1_099 / 999 - 1), 9);
    mids = { AAPL: 60 };
    const unknown = byName(await desk.collect(NOW + BigInt(week + 120) * SECOND));
    expect(unknown).not.toHaveProperty('trading_portfolio_value');
    expect(unknown).toMatchObject({ trading_open_positions: 2 });
  });

  it('keeps currencies apart', async () => {
    const desk = tradingCollector(reader, { initialEquity: 100, rollingWindow: 10 });
    trade('buy', 1, { currency: 'EUR', feeCurrency: 'EUR' });
    trade('sell', 2, { currency: 'EUR', feeCurrency: 'EUR' });
    trade('buy', 1);
    trade('sell', 3);
    const figures = (await desk.collect(later())).filter(({ name }) => name === 'trading_equity');
    expect(figures.map(({ labels, value }) => [labels['currency'], value])).toEqual([
      ['EUR', 110],
      ['USD', 120],
    ]);
  });
});

it('names a venue as an exchange, with the quantile of each latency', async () => {
  const engine = new ScriptedEngine();
  for (const { expr, labels } of EXCHANGE_FIGURES)
    engine.answers.set(expr, { XNAS: Number(labels?.['quantile'] ?? 1) });
  const figures = await derivedCollector('exchange', engine, EXCHANGE_FIGURES).collect(NOW);
  expect(
    figures
      .filter(({ name }) => name === 'exchange_latency_quantile_seconds')
      .map(({ labels, value }) => [labels, value]),
  ).toEqual([0.5, 0.95, 0.99].map((quantile) => [{ exchange: 'XNAS', quantile: String(quantile) }, quantile]));
  expect(new Set(figures.map(({ labels }) => labels['exchange']))).toEqual(new Set(['XNAS']));
});

it('evaluates: rates by exchange, and a status that flips when an exchange goes away (proves: MET-62)', async () => {
  const nowMs = Number(NOW / 1_000_000n);
  /** One more each second, until `untilSeconds` before now. */
  const counter = (labels: Record<string, string>, untilSeconds: number, perSecond = 1): SeriesData => {
    const timesMs = Array.from({ length: 300 - untilSeconds }, (_, i) => nowMs - 300_000 + (i + 1) * 1_000);
    return { labels: Labels.from(labels), timesMs, values: timesMs.map((_, i) => i * perSecond) };
  };
  const orders = (event: string, perSecond: number): SeriesData =>
    counter({ __name__: 'order_events_total', venue: 'XNAS', event }, 0, perSecond);
  const data = [
    counter({ __name__: 'quotes_total', venue: 'XNAS' }, 0),
    counter({ __name__: 'quotes_total', venue: 'XLON' }, 60),
    orders('new', 10),
    orders('fill', 7),
    orders('reject', 1),
  ];
  const engine = createPromqlEngine({
    select: async ({ matchers, startMs, endMs }: SelectRequest) => {
      const matches = compileMatchers(matchers, compileRegex);
      return data
        .filter(({ labels }) => matches(labels))
        .map(({ labels, timesMs, values }) => {
          const kept = Array.from(timesMs)
            .map((timeMs, i) => [timeMs, values[i] as number] as const)
            .filter(([timeMs]) => timeMs >= startMs && timeMs <= endMs);
          return { labels, timesMs: kept.map(([timeMs]) => timeMs), values: kept.map(([, value]) => value) };
        });
    },
  } as unknown as StoreReader);
  const figures = await derivedCollector('exchange', engine, EXCHANGE_FIGURES).collect(NOW);
  const seen = figures.map(({ name, labels, value }) => `${name} ${labels['exchange']} ${Math.round(value)}`);
  expect(seen.sort()).toEqual([
    'exchange_connection_status XLON 0',
    'exchange_connection_status XNAS 1',
    'exchange_error_rate_percent XNAS 10',
    'exchange_fill_rate_percent XNAS 70',
  ]);
  await expect(derivedCollector('agent', engine, AGENT_FIGURES).collect(NOW)).resolves.toEqual([]);
});

it('gives the API’s requests and their p95 in milliseconds under the names that rules use', async () => {
  const requests = [{ route: '/api/v1/query', status: '200', count: 7 }];
  const figures = await apiCollector({ requests: async () => requests, p95Ms: async () => 12.5 }).collect(NOW);
  expect(figures.map(({ name, kind, labels, value }) => [name, kind, labels, value])).toEqual([
    ['api_requests_total', 'counter', { service: 'tapewatch', route: '/api/v1/query', status: '200' }, 7],
    ['http_request_duration_p95', 'gauge', { service: 'tapewatch' }, 12.5],
  ]);
  expect(await apiCollector({ requests: async () => [], p95Ms: async () => undefined }).collect(NOW)).toEqual([]);
});
