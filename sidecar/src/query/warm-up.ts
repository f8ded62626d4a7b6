/**
 * The first queries of a process cost several times what later ones do: code is compiled and the store's engine prepares
 * its readers. After a restart that is paid here, by a few questions about known series, and not by the first viewers.
 */
import type { EvaluationRange, SeriesDefinition } from '@tapewatch/core';
import type { PromqlEngine } from '../ports.ts';

/** Starting is not held up for longer. */
const MAX_MS = 1_000;
/** Rounds over other ranges: the compiler waits until code has run some times. */
const ROUNDS = 4;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Failures do not matter here: who asks next is told. `series`: one of each metric is enough. */
export async function warmUp(engine: PromqlEngine, series: Iterable<SeriesDefinition>, nowMs: number): Promise<void> {
  const asked = questions(series);
  const signal = AbortSignal.timeout(MAX_MS);
  const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  for (let round = 1; round <= ROUNDS; round++) {
    for (const expr of asked) {
      for (const range of rangesUntil(minuteMs - round * MINUTE_MS)) {
        if (signal.aborted) return;
        await engine.query(expr, range, signal).catch(() => undefined);
      }
    }
  }
}

/** About the first series of numbers and the first distribution. */
function questions(series: Iterable<SeriesDefinition>): string[] {
  let [numbers, distribution]: (string | undefined)[] = [];
  for (const { kind, labels } of series) {
    if (kind === 'distribution') distribution ??= labels.toString();
    else numbers ??= labels.toString();
    if (numbers !== undefined && distribution !== undefined) break;
  }
  return [
    ...(numbers === undefined ? [] : [numbers, `sum(rate(${numbers}[5m]))`]),
    ...(distribution === undefined ? [] : [`histogram_quantile(0.99, sum(increase(${distribution}[1m] anchored)))`]),
  ];
}

/** As boards ask: half a day by the minute, and an hour. */
function rangesUntil(endMs: number): EvaluationRange[] {
  return [
    { startMs: endMs - 12 * HOUR_MS, endMs, stepMs: MINUTE_MS },
    { startMs: endMs - HOUR_MS, endMs, stepMs: MINUTE_MS },
  ];
}
