/** A thread that evaluates PromQL over series it is handed; one task after another. */
import { evaluate, parse, plan, PromqlError } from '@tapewatch/core';
import { parentPort } from 'node:worker_threads';
import { compileCapturing } from './capturing-regex.ts';
import { buffersOf, unpackSeries } from './packed-series.ts';
import { packResult, plainError, type PackedResult, type WorkerAnswer, type WorkerTask } from './worker-protocol.ts';

function answer({ id, ...task }: WorkerTask): WorkerAnswer {
  try {
    return { id, result: resultOf(task) };
  } catch (error) {
    return { id, error: plainError(error) };
  }
}

function resultOf({
  text,
  range,
  lookbackMs,
  subqueryStepMs,
  maxSamples,
  data,
  stop,
}: Omit<WorkerTask, 'id'>): PackedResult {
  const checkCancelled = (): void => {
    if (Atomics.load(stop, 0) !== 0) throw new PromqlError('cancelled', 'stopped');
  };
  checkCancelled();
  const planned = plan(parse(text), range, { text, lookbackMs, subqueryStepMs });
  const series = data.map((selected) => selected.map(unpackSeries));
  return packResult(evaluate(planned, series, { regex: compileCapturing, maxSamples, checkCancelled }));
}

parentPort?.on('message', (task: WorkerTask) => {
  const message = answer(task);
  const columns = 'result' in message && 'series' in message.result ? buffersOf(message.result.series) : [];
  parentPort?.postMessage(message, columns);
});
