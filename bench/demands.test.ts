/** What the benches demand, of figures that are good and of ones that are not; whole runs, and parts of them. */
import { attributionDemands } from './attribution/program.ts';
import { verdictOf, type Demand } from './demand.ts';
import { overheadDemands } from './overhead-demands.ts';
import type { OverheadReport } from './overhead.ts';
import { peersDemands, type PeerResult } from './peers.ts';
import { queryDemands } from './query-demands.ts';
import { queryLimitDemands } from './query-limit.ts';
import type { QueryBenchOptions, QueryBenchResult } from './query.ts';
import { startDemands } from './start.ts';
import { trackerDemands, type TrackerResult } from './tracker.ts';
import { tradingDemands } from './trading.ts';

const namesOf = (demands: readonly Demand[], verdict: string): string[] =>
  demands.filter((demand) => verdictOf(demand) === verdict).map(({ name }) => name);

/** All of them are judged, and all met or all missed, each under a name of its own. */
function expectAll(demands: readonly Demand[], outcome: 'met' | 'missed'): void {
  const other = demands.filter((demand) => (verdictOf(demand) === 'missed') !== (outcome === 'missed'));
  expect(other.map(({ name }) => name)).toEqual([]);
  expect(namesOf(demands, 'not judged')).toEqual([]);
  expect(new Set(demands.map(({ name }) => name)).size).toBe(demands.length);
}

describe('query', () => {
  const times = (ms: number) => ({ p50Ms: ms, p95Ms: ms, p99Ms: ms, worstMs: ms });
  const result = (ms: number, problems: number): QueryBenchResult => ({
    ...times(ms),
    ...{ rate: 200, errors: problems, empty: 0, lost: -problems, ingestRate: 50_000, cpuCores: 0.5, natsCpuCores: 0.1 },
    ...{ rssMb: 700, panels: {}, single12h: times(ms), p95AllSeries1h: times(ms), incomplete: problems },
    api: { ...times(ms), requests: 100, errors: problems, postedP95Ms: ms },
  });
  const full: QueryBenchOptions = {
    ...{ seconds: 30, rate: 50_000, batch: 100, viewers: 100, pastRate: 50_000, history: true },
  };

  it('judges a whole run', () => {
    expectAll(queryDemands(result(19, 0), full), 'met');
    expectAll(queryDemands(result(2_000, 1), full), 'missed');
  });

  it('judges of fewer viewers only what went wrong, and of history the answers', () => {
    const judged = queryDemands(result(2_000, 1), { ...full, viewers: 10 });
    expect(namesOf(judged, 'not judged')).toEqual([
      'board, p95',
      'board, worst',
      'API requests, p95',
      'API requests that post, p95',
    ]);
  });
});

describe('start', () => {
  const result = (seconds: number, lost: number) => ({
    ...{ samples: 1e6, lost, live: 1 - lost, stopSeconds: seconds, stopCode: lost },
    starts: ['SIGTERM', 'kill -9'].map((after) => ({
      ...{ after, readySeconds: seconds, answeredSeconds: seconds, storeMb: 1, logMb: 1 },
    })),
  });

  it('wants an answer within ten seconds after either end, and nothing lost', () => {
    expectAll(startDemands(result(9.9, 0)), 'met');
    expectAll(startDemands(result(10, 1)), 'missed');
  });
});

describe('peers', () => {
  const peer = (system: string, seconds: number): PeerResult => ({
    ...{ system, cpuSecondsPerMillion: seconds, backfillCpuSecondsPerMillion: seconds, brokerCpuSecondsPerMillion: 0 },
    ...{ samplesPerSecond: 1, rssMb: 1, bytesPerSample: 10 * seconds, lost: seconds > 1 ? 1 : 0 },
    ...{ queryP95Ms: 1_200 * seconds, queries: {} },
  });
  const full = { series: 10_000, samples: 3_000_000, repeats: 20, only: '' };
  const report = (ours: number, differences: readonly string[] = []) => ({
    results: [peer('victoria-metrics, line protocol', 1), peer('tapewatch, line protocol over NATS', ours)],
    ...{ missing: [], differences },
  });

  it('judges our CPU by that of VictoriaMetrics in the same run', () => {
    expectAll(peersDemands(report(1), full), 'met');
    expectAll(peersDemands(report(1.7, ['one differs']), full), 'missed');
  });

  it('judges no CPU of a smaller run, or without VictoriaMetrics', () => {
    const small = peersDemands(report(1.7), { ...full, samples: 1_000 });
    expect(namesOf(small, 'missed')).toEqual(['samples lost']);
    const alone = peersDemands({ ...report(1), results: report(1).results.slice(1) }, full);
    expect(namesOf(alone, 'not judged')).toEqual([
      'live beside VictoriaMetrics',
      'backfill beside VictoriaMetrics',
      'answers that differ',
    ]);
  });
});

describe('overhead', () => {
  const report = (ratio: number, cpuCores: number, rssMb: number): OverheadReport => ({
    results: [1_000, 50_000].map((samplesPerSecond) => ({
      ...{ samplesPerSecond, p50Ratio: ratio, p99Ratio: ratio, noise: 0 },
      ...{ aloneP50: 1, watchedP50: 1, aloneP99: 1, watchedP99: 1 },
    })),
    normal: [{ samplesPerSecond: 1_000, cpuCores, rssMb }],
    accuracy: { worst: ratio / 250, bound: 0.0054, percentiles: 9 },
  });

  it('judges publish times, accuracy, and CPU as a share of all processors', () => {
    expectAll(overheadDemands(report(1.05, 0.04, 100), { seconds: 3 }, 2), 'met');
    expectAll(overheadDemands(report(1.5, 0.041, 101), { seconds: 3 }, 2), 'missed');
  });

  it('judges of shorter rounds only the accuracy', () => {
    const demands = overheadDemands(report(1.5, 1, 1_000), { seconds: 1 }, 2);
    expect(namesOf(demands, 'missed')).toEqual(['percentiles beside the exact ones']);
  });
});

it('demands of limits of queries that they are reached and held', () => {
  const held = { ...{ questions: 200, answered: 60, timedOut: 140, otherwise: 0, firstOther: '' }, mostRunning: 50 };
  expectAll(queryLimitDemands({ ...held, longestSeconds: 30.2 }), 'met');
  const idle = queryLimitDemands({ ...held, answered: 200, timedOut: 0, mostRunning: 12, longestSeconds: 9 });
  expect(namesOf(idle, 'missed')).toEqual([
    'queries that ran at once, the room used',
    'queries ended by the limit of time',
  ]);
  const beyond = queryLimitDemands({ ...held, otherwise: 1, mostRunning: 51, longestSeconds: 32 });
  expect(namesOf(beyond, 'missed')).toHaveLength(3);
});

it('demands of the tracker that it is quick, linear and computes once', () => {
  const at = (window: number, micros: number, computedPerTrade = 1): TrackerResult => ({
    ...{ window, recalculations: 1, computedPerTrade, leastMicros: micros, p50Micros: micros, p99Micros: micros },
    cachedNanos: 1,
  });
  expectAll(trackerDemands([at(100, 100), at(1_000, 1_000), at(10_000, 12_000)]), 'met');
  expectAll(trackerDemands([at(100, 1_000, 2), at(1_000, 12_000), at(10_000, 200_000)]), 'missed');
});

it('demands of the trading bench each question, and of the flow its last case', () => {
  const flow = { ordersPerSecond: 20_010, quotesPerSecond: 50_010, batch: 20, cpuCores: 0.9, microsPerEvent: 12 };
  const rest = { natsCpuCores: 0.1, rssMb: 400, visibleP50Ms: 1, visibleP99Ms: 8, drainMs: 10, lost: 0 };
  const flowDemands = (seconds: number, more: object = {}): Demand[] =>
    tradingDemands({ history: [], flow: [{ ...flow, ...rest, ...more }] }, { seconds }).filter(({ name }) =>
      name.startsWith('flow: '),
    );
  expectAll(flowDemands(10), 'met');
  const bad = { ordersPerSecond: 1, quotesPerSecond: 1, cpuCores: 1.1, visibleP99Ms: 251, lost: -1 };
  expectAll(flowDemands(10, bad), 'missed');
  expect(namesOf(flowDemands(3, bad), 'missed')).toEqual(['flow: events lost']);
  const asked = { query: 'equity', coldMs: 1, medianMs: 1_000, worstMs: 1, cpuMs: 1, rows: 1, limitMs: 1_000 };
  const history = tradingDemands({ history: [asked], flow: [] }, { seconds: 10 });
  expect(namesOf(history, 'missed')).toEqual(['year: equity']);
  expect(namesOf(history, 'met')).toEqual([]);
});

it('demands of attribution what the issue does', () => {
  const fault = (right: number, abstained: number, exact: number) => ({
    ...{ kind: 'all' as const, cases: 1, named: 1, rightOfNamed: right, clear: 1, abstainedOfClear: abstained },
    ...{ sumsExactly: exact, highestP99Right: 0, largestP99RiseRight: 0 },
  });
  const cost = (trueBpsPerMs: number, covered: number, claimed: number, staleCounted: boolean) => ({
    ...{ runs: 1, trueBpsPerMs, covered, claimed, staleCounted, meanEstimate: 0, meanHalfWidth: 0, naiveCovered: 0 },
  });
  const good = { faults: [fault(0.95, 0.1, 1)], cost: [cost(0.3, 0.93, 1, true), cost(0, 0.97, 0.05, true)] };
  expectAll(attributionDemands(good), 'met');
  const bad = { faults: [fault(0.94, 0.11, 0.99)], cost: [cost(0.3, 0.9, 1, false), cost(0, 0.98, 0.06, true)] };
  expect(namesOf(attributionDemands(bad), 'missed')).toHaveLength(7);
});
