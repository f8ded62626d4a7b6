/**
 * `npm run bench -- aggregate`: updates a second of what turns samples into aggregates, one thread and no input or output:
 * the histogram of a series, its baseline (EWMA), and both beside the windows in memory as the sidecar keeps them, over
 * 10,000 series. The targets of REQUIREMENTS.md area 18 are 50,000 and 1,000,000 samples a second (PCT-05).
 */
import { EwmaTable, ExponentialHistogram, Labels, type SeriesDefinition } from '@tapewatch/core';
import { Head } from '../sidecar/src/head/head.ts';
import type { StampedColumns } from '../sidecar/src/ports.ts';
import type { Demand } from './demand.ts';
import { latency, seededRandom } from './samples.ts';
import { quantileOf } from './viewers.ts';

const SERIES = 10_000;
const ROUNDS = 9;
const UPDATES = 1_000_000;
const BATCH = 10_000;
const START_SECONDS = 1_772_442_000;
/** Ten milliseconds of stamps a batch: a million samples a second of virtual time. */
const BATCHES_PER_SECOND = UPDATES / BATCH;
/** A few seconds of that load; what is older is let go, as in the sidecar. */
const KEEP_MS = 3_000;
/** The same in each batch. */
const SERIES_IDS = Uint32Array.from({ length: BATCH }, (_, i) => 1 + (i % SERIES));

export interface AggregateResult {
  readonly aggregate: string;
  readonly nanosPerUpdate: number;
  readonly updatesPerSecond: number;
  readonly slowestRound: number;
}

export function benchAggregate(): AggregateResult[] {
  const random = seededRandom(23);
  const values = Float64Array.from({ length: UPDATES }, () => latency(random));
  return [
    measured('histograms', () => {
      const histograms = Array.from({ length: SERIES }, () => new ExponentialHistogram());
      return () => values.forEach((value, i) => histograms[i % SERIES]?.observe(value));
    }),
    measured('baselines', () => {
      const table = new EwmaTable();
      return () => values.forEach((value, i) => table.update(i % SERIES, value));
    }),
    measured('windows, histograms and baselines of the head', () => headOf(values)),
  ];
}

export function aggregateDemands(results: readonly AggregateResult[]): Demand[] {
  return results.map(({ aggregate, updatesPerSecond }) => ({
    ...{ name: aggregate, value: updatesPerSecond, unit: '/s', bound: 'at least', limit: 1_000_000, rows: ['PCT-05'] },
  }));
}

/** `prepare` makes what is updated; what it returns makes a million updates. The median of the rounds after the first. */
function measured(aggregate: string, prepare: () => () => void): AggregateResult {
  const update = prepare();
  update();
  const rates = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    update();
    const { user, system } = process.cpuUsage(before);
    return UPDATES / ((user + system) / 1e6);
  }).sort((a, b) => a - b);
  const updatesPerSecond = Math.round(quantileOf(rates, 0.5));
  return {
    ...{ aggregate, nanosPerUpdate: Math.round(1e9 / updatesPerSecond), updatesPerSecond },
    slowestRound: Math.round(rates[0] ?? NaN),
  };
}

/** Half of the series are distributions, whose seconds are sealed as they end; the others are gauges. */
function headOf(values: Float64Array): () => void {
  let seconds = START_SECONDS;
  const now = (): number => seconds * 1_000;
  const options = { keepMs: KEEP_MS, maxBytes: 512 * 2 ** 20, startMs: now(), now, streams: ['bench'], scale: 7 };
  const head = new Head(options, []);
  for (let id = 1; id <= SERIES; id++) head.define(definition(id));
  return () => {
    for (let batch = 0; batch < BATCHES_PER_SECOND; batch++) {
      head.append({ samples: columns(values, batch, seconds), histograms: [] });
    }
    seconds++;
    head.seal('bench', seconds, new Map());
    head.evict();
  };
}

function columns(values: Float64Array, batch: number, seconds: number): StampedColumns {
  return {
    seriesIds: SERIES_IDS,
    seconds: new Uint32Array(BATCH).fill(seconds),
    nanos: new Uint32Array(BATCH).fill((batch * 1e9) / BATCHES_PER_SECOND),
    values: values.subarray(batch * BATCH, (batch + 1) * BATCH),
  };
}

function definition(id: number): SeriesDefinition {
  const kind = id % 2 === 0 ? ('gauge' as const) : ('distribution' as const);
  const labels = Labels.from({ __name__: `bench_${kind}`, series: String(id) });
  return { id, labels, kind, stream: 'bench', unit: 's', help: '' };
}
