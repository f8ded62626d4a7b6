/**
 * What is demanded of queries: of the board with a hundred viewers while 50,000 samples a second come in, of history after
 * a restart (issue 4), and of the HTTP API beside both (PRF-18, which speaks of all requests; what is posted waits for its
 * commit, 250 ms at most by default). "Dashboard queries" of PRF-09 are all of the board's.
 */
import { shorterThan, type Demand } from './demand.ts';
import type { QueryBenchOptions, QueryBenchResult } from './query.ts';

const FULL = { seconds: 20, rate: 50_000, viewers: 100 };

export function queryDemands(result: QueryBenchResult, options: QueryBenchOptions): Demand[] {
  const { seconds, rate, viewers } = options;
  const { p95Ms, worstMs, errors, empty, lost, api } = result;
  const below = { unit: 'ms', bound: 'below', unjudged: shorterThan(FULL, { seconds, rate, viewers }) } as const;
  const none = { unit: '', bound: 'at most', limit: 0 } as const;
  return [
    { name: 'board, p95', value: p95Ms, ...below, limit: 200, goal: 50 },
    { name: 'board, worst', value: worstMs, ...below, limit: 2_000, rows: ['PRF-09', 'PRF-11'] },
    { name: 'board, errors and empty answers', value: errors + empty, ...none, rows: ['PRF-09', 'PRF-11'] },
    { name: 'API requests, p95', value: api.p95Ms, ...below, limit: 100, rows: ['PRF-18'] },
    { name: 'API requests that post, p95', value: api.postedP95Ms, ...below, limit: 250, goal: 100 },
    { name: 'API requests, errors', value: api.errors, ...none, rows: ['PRF-18'] },
    { name: 'samples lost', value: Math.abs(lost), ...none },
    ...historyDemands(result),
  ];
}

function historyDemands({ single12h, p95AllSeries1h, incomplete }: QueryBenchResult): Demand[] {
  const below = { unit: 'ms', bound: 'below' } as const;
  return [
    { name: 'one series over 12 h, p95', value: single12h?.p95Ms, ...below, limit: 20 },
    { name: 'p95 over all series, p95', value: p95AllSeries1h?.p95Ms, ...below, limit: 200 },
    { name: 'incomplete answers of history', value: incomplete, unit: '', bound: 'at most', limit: 0 },
  ];
}
