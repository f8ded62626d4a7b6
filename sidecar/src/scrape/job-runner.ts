/**
 * One job: its discoveries, the targets they yield, and a loop for each. A change of the targets starts and stops only
 * the loops it concerns; a target that stays keeps its series.
 */
import type { Clock, Logger, SampleSink, TargetHealth, Telemetry } from '../ports.ts';
import type { TargetDiscovery, TargetGroup } from './discovery.ts';
import { ExpositionError } from './exposition/exposition-error.ts';
import { PageCollector, readTextPage, type PageSamples, type Pause } from './page-reader.ts';
import { readProtobufPage } from './protobuf-page.ts';
import { acceptHeader, formatOf } from './protocol.ts';
import type { ScrapeJob } from './scrape-file.ts';
import { PageFault, ScrapeFault, type ByteBudget } from './scrape-fault.ts';
import type { SeriesCache } from './series-cache.ts';
import { TargetClient, type Page } from './target-client.ts';
import { TargetLoop } from './target-loop.ts';
import { targetsOf, type Target } from './target.ts';

/** The stream that scraped samples belong to. */
export const SCRAPE_STREAM = 'scrape';

export interface RunnerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly pause: Pause;
  readonly budget: ByteBudget;
  readonly userAgent: string;
  /** Runs at once, within the pipeline's turn. */
  readonly write: (use: (sink: SampleSink) => void) => void;
  readonly discoveriesOf: (job: ScrapeJob) => readonly TargetDiscovery[];
}

export class JobRunner {
  readonly job: ScrapeJob;
  readonly #deps: RunnerDeps;
  readonly #client: TargetClient;
  readonly #accept: string;
  readonly #discoveries: readonly TargetDiscovery[];
  readonly #groups = new Map<TargetDiscovery, readonly TargetGroup[]>();
  readonly #loops = new Map<string, TargetLoop>();
  readonly #ending = new Set<Promise<void>>();
  #dropped: readonly Readonly<Record<string, string>>[] = [];
  #droppedCount = 0;
  /** Every scrape fails with it: more targets than allowed are no silent choice of some. */
  #overLimit = '';
  #isClosed = false;

  constructor(job: ScrapeJob, deps: RunnerDeps) {
    this.job = job;
    this.#deps = deps;
    this.#client = new TargetClient(job, deps);
    this.#accept = acceptHeader(job.protocols);
    this.#discoveries = deps.discoveriesOf(job);
  }

  async start(): Promise<void> {
    await Promise.all(
      this.#discoveries.map((discovery) =>
        discovery.start((groups) => {
          this.#groups.set(discovery, groups);
          this.#sync();
        }),
      ),
    );
  }

  /** `ended`: the job is gone, and so its series end; else it goes on, with a new configuration or after a restart. */
  async close(how: { ended: boolean }): Promise<void> {
    this.#isClosed = true;
    for (const discovery of this.#discoveries) discovery.close();
    await Promise.all([...[...this.#loops.values()].map((loop) => loop.stop(how)), ...this.#ending]);
    this.#loops.clear();
    await this.#client.close();
  }

  active(): TargetHealth[] {
    return [...this.#loops.values()].map(({ target, health }) => ({
      ...health,
      job: this.job.name,
      url: target.url,
      labels: Object.fromEntries(target.labels),
      discoveredLabels: target.discoveredLabels,
      intervalMs: target.intervalMs,
      timeoutMs: target.timeoutMs,
    }));
  }

  get dropped(): { readonly targets: readonly Readonly<Record<string, string>>[]; readonly count: number } {
    return { targets: this.#dropped, count: this.#droppedCount };
  }

  #sync(): void {
    if (this.#isClosed) return;
    const wanted = this.#targets();
    this.#overLimit =
      wanted.size > this.job.targetLimit
        ? `target_limit: job ${this.job.name} has ${wanted.size} targets, ${this.job.targetLimit} are allowed`
        : '';
    if (this.#overLimit !== '') this.#deps.log.error({ part: 'scrape', job: this.job.name }, this.#overLimit);
    const kept = new Map([...wanted].slice(0, this.job.targetLimit));
    for (const [key, loop] of this.#loops) {
      if (kept.has(key)) continue;
      this.#loops.delete(key);
      const ended = loop.stop({ ended: true }).finally(() => this.#ending.delete(ended));
      this.#ending.add(ended);
    }
    for (const [key, target] of kept) if (!this.#loops.has(key)) this.#startLoop(target);
  }

  #targets(): Map<string, Target> {
    const wanted = new Map<string, Target>();
    const dropped: Readonly<Record<string, string>>[] = [];
    this.#droppedCount = 0;
    for (const group of [...this.#groups.values()].flat()) {
      for (const outcome of targetsOf(group, this.job)) {
        if (outcome.kind === 'target') wanted.set(outcome.target.key, outcome.target);
        else if (outcome.kind === 'invalid') this.#deps.log.warn({ part: 'scrape' }, outcome.problem);
        else if (++this.#droppedCount <= this.job.droppedTargetsKept) dropped.push(outcome.discoveredLabels);
      }
    }
    this.#dropped = dropped;
    return wanted;
  }

  #startLoop(target: Target): void {
    const { clock, log, telemetry, pause, write } = this.#deps;
    const loop = new TargetLoop(target, this.job, {
      clock,
      log,
      pause,
      write,
      scrape: (asked, cache, signal) => this.#scrape(asked, cache, signal),
      counted: (outcome) => {
        if (outcome === 'failed') telemetry.dropped(SCRAPE_STREAM, 'scrape_failed', 1);
      },
      duplicates: (samples) => telemetry.duplicates(SCRAPE_STREAM, samples),
    });
    this.#loops.set(target.key, loop);
    loop.start();
  }

  async #scrape(target: Target, cache: SeriesCache, signal: AbortSignal): Promise<PageSamples> {
    if (this.#overLimit !== '') throw new ScrapeFault(this.#overLimit);
    const { url, timeoutMs } = target;
    const page = await this.#client.fetch({ url, timeoutMs, accept: this.#accept, signal });
    try {
      this.#deps.telemetry.received(SCRAPE_STREAM, 1, page.body.length);
      return await this.#read(page, target, cache);
    } finally {
      page.release();
    }
  }

  async #read({ body, contentType }: Page, target: Target, cache: SeriesCache): Promise<PageSamples> {
    const format = formatOf(contentType, this.job.fallbackProtocol);
    const collector = new PageCollector(cache, { target: target.labels, job: this.job });
    const { pause } = this.#deps;
    const { classicHistograms } = this.job;
    try {
      if (format === 'protobuf') await readProtobufPage(body, { collector, pause, classicHistograms });
      else await readTextPage(body, format, { collector, pause });
    } catch (error) {
      if (!(error instanceof ScrapeFault) && !(error instanceof ExpositionError)) throw error;
      throw new PageFault(error, { exposed: collector.exposed, relabelled: collector.samples.length });
    }
    return collector;
  }
}
