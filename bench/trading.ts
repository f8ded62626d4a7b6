/**
 * `npm run bench -- trading`: questions over a year of a million fills, and order events and quotes through the whole
 * sidecar. The targets are those of issue 5; on a machine that is busy with something else only CPU times tell.
 */
import { benchFlow, type FlowResult } from './trading/flow.ts';
import { benchFlowStages, type FlowStages } from './trading/flow-stages.ts';
import { FLOW_TARGET } from './trading/flow-target.ts';
import { benchHistory, HISTORY_TARGET_MS, type HistoryResult } from './trading/history.ts';

const YEAR_SIZE = { fills: 1_000_000, quotes: 2_000_000 };
const EVENTS_PER_MESSAGE = 20;
/** The last one is judged; a message an event is printed beside it. */
const FLOW_CASES = [
  { share: 0.5, batch: 1 },
  { share: 0.5, batch: EVENTS_PER_MESSAGE },
  { share: 1, batch: EVENTS_PER_MESSAGE },
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
  /** What missed its target, in words. */
  readonly missed: readonly string[];
}

export async function benchTrading({ only, seconds }: TradingBenchOptions): Promise<TradingBenchResult> {
  const history = only === 'flow' ? [] : await benchHistory(YEAR_SIZE);
  const flow: FlowResult[] = [];
  if (only !== 'history') for (const { share, batch } of FLOW_CASES) flow.push(await benchFlow(share, batch, seconds));
  const stages = only === 'history' ? {} : { stages: await benchFlowStages(EVENTS_PER_MESSAGE, seconds) };
  const slow = history.filter(({ medianMs }) => medianMs >= HISTORY_TARGET_MS);
  const full = flow.at(-1);
  const missed = slow.map(({ query, medianMs }) => `${query}: ${medianMs} ms, target ${HISTORY_TARGET_MS} ms`);
  const { cores, currentMs } = FLOW_TARGET;
  if (full !== undefined && full.cpuCores > cores)
    missed.push(`flow: ${full.cpuCores.toFixed(2)} cores, target ${cores}`);
  if (full !== undefined && (full.visibleP99Ms > currentMs || full.lost > 0))
    missed.push(
      `flow: figures ${Math.round(full.visibleP99Ms)} ms old, ${full.lost} lost; target ${currentMs} ms, none`,
    );
  return { history, flow, ...stages, missed };
}
