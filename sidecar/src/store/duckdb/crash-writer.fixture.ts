/**
 * A writer to be killed: appends batches through the store's thread and prints the number of each one that was
 * acknowledged. Arguments: file, worker bundle, rows, and `late` where samples are to be late and wait to become windows.
 * Batch b holds that many samples of value b, an observation, an order and a position.
 */
import { writeSync } from 'node:fs';
import { batchOf, CLOCK, clockAt, orderOf, samplesOf, seconds, seriesOf } from '../store.fixture.ts';
import { WorkerStore } from './worker-store.ts';

const LOG = 'CRASH@1';
/** More than any run writes. */
const DAY_SECONDS = 86_400;

async function main([path = '', workerPath = '', rowCount = '', order = '']: readonly string[]): Promise<void> {
  const length = Number(rowCount);
  const store = new WorkerStore({ path, workerPath, memoryLimitMb: 128, threads: 1, bulkRows: length });
  const recovery = await store.open();
  const series = [seriesOf(1, { __name__: 'written' }), seriesOf(2, { __name__: 'spread' }, 'distribution')];
  if (order === 'late' && recovery.series.every(({ id }) => id !== CLOCK.id)) await store.append(clockAt(DAY_SECONDS));
  const last = recovery.positions.find(({ log }) => log === LOG)?.sequence ?? 0;
  for (let batch = last + 1; ; batch++) {
    const rows = Array.from({ length }, (_, i) => [1, seconds(batch) + BigInt(i), batch] as const);
    const observed = [2, seconds(batch), batch] as const;
    await store.append(
      batchOf({
        series,
        samples: samplesOf([...rows, observed]),
        events: [orderOf(String(batch), seconds(batch))],
        positions: [{ log: LOG, sequence: batch }],
      }),
    );
    // Synchronous: what is printed has surely left this process when it dies.
    writeSync(1, `${batch}\n`);
  }
}

void main(process.argv.slice(2));
