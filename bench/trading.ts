/**
 * `npm run bench -- trading`: questions over a year of a million fills, and order events and quotes through the whole
 * sidecar. The targets are those of issue 5; on a machine that is busy with something else only CPU times tell.
 */
import { shorterThan, type Demand } from './demand.ts';
import { benchFlow, type FlowResult } from './trading/flow.ts';
import { benchFlowStages, type FlowStages } from './trading/flow-stages.ts';
import { FLOW_TARGET } from './trading/flow-target.ts';
import { benchHistory, HISTORY_TARGET_MS, type HistoryResult } from './trading/history.ts';
import { DOCUMENTS } from './trading/year-documents.ts';

const YEAR_SIZE = { fills: 1_000_000, quotes: 2_000_000 };
const EVENTS_PER_MESSAGE = 20;
/** What the flow's demands speak of. */
const FLOW_FULL = { seconds: 10 };
/** Half of the target twice, then the target, which is judged: a feed is always a tick behind, so a little more is sent. */
const FLOW_CASES = [
  { share: 0.5, batch: 1 },
  { share: 0.5, batch: EVENTS_PER_MESSAGE },
  { share: 1.002, batch: EVENTS_PER_MESSAGE },
];

export interface TradingBenchOptions {
  /** `history` or `flow`; empty runs both. */
  readonly only: string;
  readonly seconds: number;
}

export interface TradingBenchResult {
  readonly history: readonly HistoryResult[];
  readonly flow: readonly FlowResult[];
  /** CPU microseconds of an event by stage, without NATS and the threads' messages. */
  readonly stages?: FlowStages;
}

export async function benchTrading({ only, seconds }: TradingBenchOptions): Promise<TradingBenchResult> {
  const history = only === 'flow' ? [] : await benchHistory(YEAR_SIZE);
  const flow: FlowResult[] = [];
  if (only !== 'history') for (const { share, batch } of FLOW_CASES) flow.push(await benchFlow(share, batch, seconds));
  const stages = only === 'history' ? {} : { stages: await benchFlowStages(EVENTS_PER_MESSAGE, seconds) };
  return { history, flow, ...stages };
}

/** Each kind of question, whether it was asked or not, and the last case of the flow. */
export function tradingDemands(
  { history, flow }: Pick<TradingBenchResult, 'history' | 'flow'>,
  run: { readonly seconds: number },
): Demand[] {
  const questions = Object.keys(DOCUMENTS).map((name): Demand => {
    const value = history.find(({ query }) => query === name)?.medianMs;
    return { name: `year: ${name}`, value, unit: 'ms', bound: 'below', limit: HISTORY_TARGET_MS };
  });
  return [...questions, ...flowDemands(flow, flow.length === 0 ? '' : shorterThan(FLOW_FULL, run))];
}

function flowDemands(flow: readonly FlowResult[], unjudged: string): Demand[] {
  const full = flow.at(-1);
  const { cores, currentMs, ordersPerSecond, quotesPerSecond } = FLOW_TARGET;
  const most = { bound: 'at most', unjudged } as const;
  const least = { unit: '/s', bound: 'at least', unjudged } as const;
  const lost = flow.reduce((sum, one) => sum + Math.abs(one.lost), 0);
  return [
    { name: 'flow: order events a second', value: full?.ordersPerSecond, ...least, limit: ordersPerSecond },
    { name: 'flow: quotes a second', value: full?.quotesPerSecond, ...least, limit: quotesPerSecond },
    { name: 'flow: CPU', value: full && full.cpuCores * 100, unit: '% of a core', ...most, limit: cores * 100 },
    { name: 'flow: age of figures, p99', value: full?.visibleP99Ms, unit: 'ms', ...most, limit: currentMs },
    { name: 'flow: events lost', value: full && lost, unit: '', bound: 'at most', limit: 0 },
  ];
}
