/**
 * `npm run bench -- ingest --highest`: for each codec the highest rate that loses nothing and is kept up with. Each look
 * takes some twenty seconds, so a search begins where a machine like that of docs/performance.md is expected to be.
 */
import { measured, type IngestResult } from './ingest.ts';
import type { BenchCodec } from './templates.ts';

/** Where nothing is known, a step this large closes the gap with one look more. */
const STEP = 1.25;
/** Of the least rate that is too high to the highest that is not; finer than bursts differ from run to run. */
const CLOSE = 1.15;
const LEAST = 5_000;
/** A rate that the publisher, or whoever holds it up, falls behind is none. */
const REACHED = 0.95;
/** The broker holds millions of samples that are compressed: a rate that only fills it up is none either. */
const DRAINED_MS = 5_000;

/** Samples a second. */
const FIRST_RATES: Readonly<Record<BenchCodec, number>> = {
  'json-single': 350_000,
  'json-batch-100': 750_000,
  'ndjson-batch-100': 700_000,
  'line-single': 350_000,
  'line-batch-100': 1_400_000,
  'line-batch-1000': 1_400_000,
  'arrow-batch-100': 1_100_000,
  'arrow-batch-1000': 1_700_000,
  'msgpack-batch-100': 280_000,
  'msgpack-batch-1000': 280_000,
  'otlp-json-batch-100': 95_000,
  'otlp-batch-100': 190_000,
  'otlp-batch-1000': 180_000,
  'remote-write-batch-100': 190_000,
  'remote-write-batch-1000': 170_000,
  'remote-write-2-batch-100': 210_000,
  'remote-write-2-batch-1000': 210_000,
};

export interface HighestPlan {
  readonly seconds: number;
  readonly series: number;
  readonly codecs: readonly BenchCodec[];
}

export async function benchHighest({ seconds, series, codecs }: HighestPlan): Promise<IngestResult[]> {
  const results: IngestResult[] = [];
  for (const codec of codecs) {
    const best = await highest(FIRST_RATES[codec], async (rate) => {
      const result = await measured({ codec, delivery: 'core', rate, series, seconds });
      const { lost, samplesPerSecond, drainMs } = result;
      if (lost === 0 && samplesPerSecond > rate * REACHED && drainMs <= DRAINED_MS) return result;
      console.error(`  no: lost ${lost}, published ${samplesPerSecond}/s, durable ${drainMs} ms after the last`);
      return undefined;
    });
    if (best === undefined) continue;
    console.error(`${codec}: ${best.samplesPerSecond}/s, longest stall ${Math.round(best.stallMs)} ms`);
    results.push(best);
  }
  return results;
}

/**
 * The look at the highest rate that was good: up or down from the first one by steps that grow, until one rate was good
 * and one not, then between them. A look at a rate that is not good yields nothing.
 */
export async function highest<T>(
  first: number,
  look: (rate: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let [good, bad, step]: [number, number, number] = [0, Infinity, STEP];
  let best: T | undefined;
  for (let rate = first; bad / good > CLOSE && bad > LEAST;) {
    const found = await look(rate);
    if (found === undefined) bad = rate;
    else [best, good] = [found, rate];
    if (good > 0 && bad < Infinity) rate = Math.sqrt(good * bad);
    else {
      rate = good > 0 ? rate * step : Math.max(LEAST, rate / step);
      step *= STEP;
    }
  }
  return best;
}
