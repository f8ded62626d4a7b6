/** A thread that evaluates PromQL over series it is handed; one task after another. */
import { evaluate, parse, plan, PromqlError, type Labels } from '@tapewatch/core';
import { parentPort } from 'node:worker_threads';
import { compileCapturing } from './capturing-regex.ts';
import { LabelReceiver } from '../label-exchange.ts';
import { unpackSelection } from './packed-selection.ts';
import { buffersOf } from './packed-series.ts';
import { packResult, plainError, type PackedResult, type WorkerAnswer, type WorkerTask } from './worker-protocol.ts';

const receiver = new LabelReceiver();

function answer({ id, labels, ...task }: WorkerTask): WorkerAnswer {
  try {
    // In any case, since later messages count on it.
    const told = labels.map((one) => receiver.unpack(one));
    return { id, result: resultOf(task, told) };
  } catch (error) {
    return { id, error: plainError(error) };
  }
}

function resultOf(
  { text, range, lookbackMs, subqueryStepMs, maxSamples, data, stop }: Omit<WorkerTask, 'id' | 'labels'>,
  labels: readonly (readonly Labels[])[],
): PackedResult {
  const checkCancelled = (): void => {
    if (Atomics.load(stop, 0) !== 0) throw new PromqlError('cancelled', 'stopped');
  };
  checkCancelled();
  const planned = plan(parse(text), range, { text, lookbackMs, subqueryStepMs });
  const series = data.map((selected, i) => unpackSelection(selected, labels[i] ?? []));
  return packResult(evaluate(planned, series, { regex: compileCapturing, maxSamples, checkCancelled }));
}

parentPort?.on('message', (task: WorkerTask) => {
  const message = answer(task);
  const columns = 'result' in message && 'series' in message.result ? buffersOf(message.result.series) : [];
  parentPort?.postMessage(message, columns);
});
