/**
 * The first queries of a process cost several times what later ones do: code is compiled and the store's engine prepares
 * its readers. After a restart that is paid here, by questions about known series, and not by the first viewers.
 */
import type { EvaluationRange, QueryResult, SeriesDefinition } from '@tapewatch/core';
import type { PromqlEngine } from '../ports.ts';

/** Starting is not held up for longer. */
const MAX_MS = 1_000;
/** Of these, for finding the longest history. */
const MAX_SEARCH_MS = 500;
/** Rounds over other ranges: the compiler waits until code has run some times. */
const ROUNDS = 6;
/** Metrics of which the one with the longest history is asked on: loops that hardly turn are not compiled. */
const MAX_METRICS = 32;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Questions about numbers lie beside the grid of the boards, so that none of their answers is kept from here. */
const BESIDE_GRID_MS = 1;

/** How an answer is written for its viewer; its text is not used. */
export type WriteAnswer = (result: QueryResult) => Promise<unknown>;

/** Failures do not matter here: who asks next is told. `series`: one of each metric is enough. */
export async function warmUp(
  engine: PromqlEngine,
  series: Iterable<SeriesDefinition>,
  { nowMs, write }: { readonly nowMs: number; readonly write: WriteAnswer },
): Promise<void> {
  const signal = AbortSignal.timeout(MAX_MS);
  const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  /** Samples that were read. */
  const ask = async (expr: string, range: EvaluationRange): Promise<number> => {
    if (signal.aborted) return 0;
    try {
      const result = await engine.query(expr, range, signal);
      await write(result);
      return result.stats?.samples ?? 0;
    } catch {
      return 0;
    }
  };
  const { numbers, distribution } = examples(series);
  let [longest, most] = ['', -1];
  const searching = AbortSignal.timeout(MAX_SEARCH_MS);
  for (const metric of numbers) {
    if (searching.aborted) break;
    const samples = await ask(metric, halfDayUntil(minuteMs - BESIDE_GRID_MS));
    if (samples > most) [longest, most] = [metric, samples];
  }
  for (let round = 1; round <= ROUNDS; round++) {
    const endMs = minuteMs - round * MINUTE_MS;
    for (const range of [halfDayUntil, hourUntil]) {
      if (longest !== '') {
        await ask(longest, range(endMs - BESIDE_GRID_MS));
        await ask(`sum(rate(${longest}[5m]))`, range(endMs - BESIDE_GRID_MS));
      }
      if (distribution !== undefined) {
        await ask(`histogram_quantile(0.99, sum(increase(${distribution}[1m] anchored)))`, range(endMs));
      }
    }
  }
}

/** Selectors of some series of numbers, and of the first distribution. */
function examples(series: Iterable<SeriesDefinition>): { numbers: string[]; distribution: string | undefined } {
  const numbers: string[] = [];
  let distribution: string | undefined;
  for (const { kind, labels } of series) {
    if (kind === 'distribution') distribution ??= labels.toString();
    else numbers.push(labels.toString());
  }
  if (numbers.length <= MAX_METRICS) return { numbers, distribution };
  // Evenly from the first to the last: those of one source stand together.
  const every = (numbers.length - 1) / (MAX_METRICS - 1);
  const some = Array.from({ length: MAX_METRICS }, (_, i) => numbers[Math.round(i * every)] as string);
  return { numbers: some, distribution };
}

/** As boards ask. */
function halfDayUntil(endMs: number): EvaluationRange {
  return { startMs: endMs - 12 * HOUR_MS, endMs, stepMs: MINUTE_MS };
}

function hourUntil(endMs: number): EvaluationRange {
  return { startMs: endMs - HOUR_MS, endMs, stepMs: MINUTE_MS };
}
