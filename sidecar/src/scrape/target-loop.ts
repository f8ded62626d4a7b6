/**
 * Scrapes one target at its interval. Every loop has its own place within the interval, by a hash of the target, so that
 * thousands of targets do not answer at once; a scrape that fails is tried again at the next interval. A series that a
 * page no longer has, and every series of a target that is down or gone, gets a staleness marker.
 * Source: Prometheus documentation, "Automatically generated labels and time series" and "Staleness".
 */
import { createHash } from 'node:crypto';
import type { ExponentialHistogram } from '@tapewatch/core';
import type { Clock, Logger, SampleSink, TargetHealth } from '../ports.ts';
import { increaseOf } from './native-histogram.ts';
import type { PageSamples, Pause } from './page-reader.ts';
import { reportLabels } from './sample-label.ts';
import type { ScrapeJob } from './scrape-file.ts';
import { PageFault, ScrapeFault } from './scrape-fault.ts';
import { SeriesCache, type CachedSeries } from './series-cache.ts';
import type { Target } from './target.ts';

/** A timer that is this late still stamps the planned time, so that samples stand evenly; at most 1 % of the interval. */
const ALIGN_TOLERANCE_MS = 10;
const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000;
/** Samples handed to the sink at a stretch. */
const PORTION = 8_192;

export interface LoopDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly pause: Pause;
  /** Runs at once, within the pipeline's turn. */
  readonly write: (use: (sink: SampleSink) => void) => void;
  /** One scrape: the page read into the cache. Throws what is wrong with it. */
  readonly scrape: (target: Target, cache: SeriesCache, signal: AbortSignal) => Promise<PageSamples>;
  readonly counted: (outcome: 'ok' | 'failed', seconds: number) => void;
  readonly duplicates: (samples: number) => void;
}

interface At {
  readonly seconds: number;
  readonly nanos: number;
}

export class TargetLoop {
  readonly target: Target;
  readonly #job: Pick<ScrapeJob, 'name' | 'trackTimestampsStaleness'>;
  readonly #deps: LoopDeps;
  readonly #cache = new SeriesCache();
  readonly #reports: ReadonlyMap<string, CachedSeries>;
  /** The page in which a series was last written: two lines can mean one series. */
  readonly #pageByRef = new Map<number, number>();
  /** Cumulative histograms of the last page that had them; a failed scrape between two pages loses nothing. */
  readonly #cumulative = new Map<number, ExponentialHistogram>();
  readonly #abort = new AbortController();
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #health: Pick<TargetHealth, 'health' | 'lastError' | 'lastScrapeNanos' | 'lastScrapeSeconds'> = {
    health: 'unknown',
    lastError: '',
    lastScrapeNanos: 0n,
    lastScrapeSeconds: 0,
  };

  constructor(target: Target, job: Pick<ScrapeJob, 'name' | 'trackTimestampsStaleness'>, deps: LoopDeps) {
    this.target = target;
    this.#job = job;
    this.#deps = deps;
    this.#reports = new Map(Object.keys(REPORTS).map((name) => [name, reportSeries(name, target)]));
  }

  get health(): Pick<TargetHealth, 'health' | 'lastError' | 'lastScrapeNanos' | 'lastScrapeSeconds'> {
    return this.#health;
  }

  start(): void {
    const intervalNanos = BigInt(this.target.intervalMs) * NANOS_PER_MS;
    const now = this.#deps.clock.now();
    const place = placeOf(this.target.key, this.target.intervalMs);
    const intoInterval = (now + place) % intervalNanos;
    this.#schedule(now + intervalNanos - intoInterval);
  }

  /** Gives the target up. `ended`: for good, so that its series end now; else somebody goes on with them. */
  async stop({ ended }: { ended: boolean }): Promise<void> {
    this.#abort.abort();
    this.#cancel?.();
    await this.#running;
    if (!ended) return;
    const at = atOf(this.#deps.clock.now());
    this.#deps.write((sink) =>
      this.#end([...this.#cache.takeAll(), ...this.#reports.values()], { ...at, isGone: true }, sink),
    );
  }

  #schedule(atNanos: bigint): void {
    const waitMs = Number((atNanos - this.#deps.clock.now()) / NANOS_PER_MS);
    const cancel = this.#deps.clock.every(Math.max(1, waitMs), () => {
      cancel();
      this.#running = this.#run(atNanos);
    });
    this.#cancel = cancel;
  }

  async #run(plannedNanos: bigint): Promise<void> {
    const { clock, log } = this.#deps;
    const startNanos = clock.now();
    try {
      await this.#scrape(startNanos, this.#stampOf(plannedNanos, startNanos));
    } catch (error) {
      log.error({ err: error, part: 'scrape', job: this.#job.name }, 'a scrape ended with a fault of ours');
    }
    if (this.#abort.signal.aborted) return;
    // What was missed meanwhile is not made up for.
    const intervalNanos = BigInt(this.target.intervalMs) * NANOS_PER_MS;
    const behind = (clock.now() - plannedNanos) / intervalNanos;
    this.#schedule(plannedNanos + (behind + 1n) * intervalNanos);
  }

  #stampOf(plannedNanos: bigint, startNanos: bigint): At {
    const toleranceMs = Math.min(ALIGN_TOLERANCE_MS, this.target.intervalMs / 100);
    const late = startNanos - plannedNanos;
    const isOnTime = late >= -NANOS_PER_MS && late <= BigInt(Math.round(toleranceMs * 1e6));
    return atOf(isOnTime ? plannedNanos : startNanos);
  }

  async #scrape(startNanos: bigint, at: At): Promise<void> {
    const { clock, scrape, counted, log } = this.#deps;
    const { signal } = this.#abort;
    let page: PageSamples | undefined;
    let failure: ScrapeFault | undefined;
    try {
      page = await scrape(this.target, this.#cache, signal);
    } catch (error) {
      if (!(error instanceof ScrapeFault)) throw error;
      failure = error;
    }
    if (signal.aborted) return;
    const seconds = Number(clock.now() - startNanos) / NANOS_PER_SECOND;
    if (page !== undefined) await this.#store(page, at);
    const ended = page === undefined ? this.#cache.takeAll() : this.#cache.takeEnded();
    this.#deps.write((sink) => {
      this.#end(ended, { ...at, isGone: page !== undefined }, sink);
      this.#report({ page, failure, seconds }, at, sink);
    });
    const problem = failure?.message ?? '';
    if (problem !== '' && problem !== this.#health.lastError) {
      log.warn({ part: 'scrape', job: this.#job.name, instance: this.target.labels.get('instance') }, problem);
    }
    counted(page === undefined ? 'failed' : 'ok', seconds);
    this.#health = {
      health: page === undefined ? 'down' : 'up',
      lastError: problem,
      lastScrapeNanos: startNanos,
      lastScrapeSeconds: seconds,
    };
  }

  async #store({ samples }: PageSamples, at: At): Promise<void> {
    let duplicates = 0;
    for (let from = 0; from < samples.length; from += PORTION) {
      if (from > 0) await this.#deps.pause();
      this.#deps.write((sink) => {
        const until = Math.min(samples.length, from + PORTION);
        for (let i = from; i < until; i++)
          if (!this.#put(samples[i] as PageSamples['samples'][number], at, sink)) duplicates++;
      });
    }
    if (duplicates > 0) this.#deps.duplicates(duplicates);
  }

  /** False: the page had this series before, at the same time. */
  #put(
    { series, value, stamp, histogram, exemplars }: PageSamples['samples'][number],
    at: At,
    sink: SampleSink,
  ): boolean {
    const ref = refOf(series, sink);
    if (stamp === undefined && ref > 0) {
      if (this.#pageByRef.get(ref) === this.#cache.page) return false;
      this.#pageByRef.set(ref, this.#cache.page);
    }
    const { seconds, nanos } = stamp ?? at;
    if (histogram === undefined) sink.number(ref, seconds, nanos, value);
    else this.#putHistogram(ref, { seconds, nanos }, histogram, sink);
    if (exemplars !== undefined) {
      for (const { labels, value: measured, stamp: own } of exemplars) {
        sink.exemplar(ref, { ...(own ?? { seconds, nanos }), value: measured, labels });
      }
    }
    return true;
  }

  #putHistogram(ref: number, { seconds, nanos }: At, histogram: ExponentialHistogram, sink: SampleSink): void {
    const increase = increaseOf(this.#cumulative.get(ref), histogram);
    if (ref > 0) this.#cumulative.set(ref, histogram);
    if (increase !== undefined) sink.histogram(ref, seconds, nanos, increase);
  }

  /** `isGone`: the page does not have them any more; else there was no page. */
  #end(ended: readonly CachedSeries[], { seconds, nanos, isGone }: At & { isGone: boolean }, sink: SampleSink): void {
    for (const series of ended) {
      if (series.ref <= 0) continue;
      // Another line of the present page can mean the same series.
      const isStillThere = this.#pageByRef.get(series.ref) === this.#cache.page && series.page !== this.#cache.page;
      if (isStillThere) continue;
      this.#pageByRef.delete(series.ref);
      if (isGone) this.#cumulative.delete(series.ref);
      if (!series.hasStamp || this.#job.trackTimestampsStaleness) sink.stale(series.ref, seconds, nanos);
    }
  }

  #report(scraped: Scraped, { seconds, nanos }: At, sink: SampleSink): void {
    for (const [name, series] of this.#reports) {
      sink.number(refOf(series, sink), seconds, nanos, REPORTS[name as keyof typeof REPORTS].read(scraped));
    }
  }
}

interface Scraped {
  readonly page: PageSamples | undefined;
  readonly failure: ScrapeFault | undefined;
  readonly seconds: number;
}

interface Report {
  readonly help: string;
  readonly unit?: string;
  readonly read: (scraped: Scraped) => number;
}

const REPORTS = {
  up: { help: '1 if the target was scraped, else 0.', read: ({ page }) => (page === undefined ? 0 : 1) },
  scrape_duration_seconds: { help: 'How long the scrape took.', unit: 'seconds', read: ({ seconds }) => seconds },
  scrape_samples_scraped: {
    help: 'Samples that the target exposed.',
    read: ({ page, failure }) => page?.exposed ?? (failure instanceof PageFault ? failure.exposed : 0),
  },
  scrape_samples_post_metric_relabeling: {
    help: 'Samples left after metric_relabel_configs.',
    read: ({ page, failure }) => page?.samples.length ?? (failure instanceof PageFault ? failure.relabelled : 0),
  },
  scrape_series_added: { help: 'Series that the page before did not have.', read: ({ page }) => page?.added ?? 0 },
} as const satisfies Record<string, Report>;

function reportSeries(name: string, { labels }: Target): CachedSeries {
  const { help, unit = '' }: Report = REPORTS[name as keyof typeof REPORTS];
  return { labels: reportLabels(name, labels), kind: 'gauge', unit, help, ref: 0, page: 0, hasStamp: false };
}

function refOf(series: CachedSeries, sink: SampleSink): number {
  if (series.ref <= 0 && series.labels !== undefined) {
    series.ref = sink.series(series.labels, series.kind, series.unit, series.help);
  }
  return series.ref;
}

function atOf(nanos: bigint): At {
  return {
    seconds: Number(nanos / BigInt(NANOS_PER_SECOND)),
    nanos: Number(nanos % BigInt(NANOS_PER_SECOND)),
  };
}

/** Nanoseconds within the interval, the same after a restart. */
function placeOf(key: string, intervalMs: number): bigint {
  const hash = createHash('md5').update(key).digest().readBigUInt64BE(0);
  return hash % (BigInt(intervalMs) * NANOS_PER_MS);
}
