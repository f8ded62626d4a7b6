/** The scraper as a whole: jobs from files, started, reloaded and closed together, and what they show of themselves. */
import type { Clock, Logger, SampleSink, TargetsView, Telemetry } from '../ports.ts';
import type { TargetDiscovery } from './discovery.ts';
import { FileDiscovery } from './file-discovery.ts';
import { JobRunner, type RunnerDeps } from './job-runner.ts';
import { pauseForOthers, type Pause } from './page-reader.ts';
import { loadScrapeFiles, type ScrapeJob } from './scrape-file.ts';
import { ByteBudget } from './scrape-fault.ts';
import type { ScrapeOptions } from './scrape-options.ts';
import { StaticDiscovery } from './static-discovery.ts';

export interface ScraperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly version: string;
  /** Runs `use` at once, with the sink of the stream `scrape`. */
  readonly write: (use: (sink: SampleSink) => void) => void;
  readonly pause?: Pause;
}

export class Scraper implements TargetsView {
  readonly #options: ScrapeOptions;
  readonly #deps: RunnerDeps;
  #runners: readonly JobRunner[] = [];

  private constructor(options: ScrapeOptions, { version, pause = pauseForOthers, ...deps }: ScraperDeps) {
    this.#options = options;
    const budget = new ByteBudget(options.inFlightLimitBytes);
    const discoveriesOf = (job: ScrapeJob): TargetDiscovery[] => [
      new StaticDiscovery(job.staticGroups),
      ...job.fileDiscoveries.map((files) => new FileDiscovery({ ...files, clock: deps.clock, log: deps.log })),
    ];
    this.#deps = { ...deps, pause, budget, discoveriesOf, userAgent: `Tapewatch/${version}` };
    const { telemetry } = deps;
    telemetry.level('scrape_targets', 'Targets that are scraped.', () => this.active().length);
    telemetry.level(
      'scrape_targets_down',
      'Targets whose last scrape failed.',
      () => this.active().filter(({ health }) => health === 'down').length,
    );
    telemetry.level('scrape_in_flight_bytes', 'Bytes of pages that are being read.', () => budget.taken);
  }

  /** Reads the files and starts their jobs. Throws `config.invalid`. */
  static async start(options: ScrapeOptions, deps: ScraperDeps): Promise<Scraper> {
    const scraper = new Scraper(options, deps);
    await scraper.reload();
    return scraper;
  }

  /** Reads the files anew; jobs that are unchanged go on. Throws `config.invalid` and then changes nothing. */
  async reload(): Promise<void> {
    const jobs = await loadScrapeFiles(this.#options.files, { ...this.#options });
    const before = new Map(this.#runners.map((runner) => [runner.job.fingerprint, runner]));
    const started: JobRunner[] = [];
    this.#runners = jobs.map((job) => {
      const kept = before.get(job.fingerprint);
      before.delete(job.fingerprint);
      const runner = kept ?? new JobRunner(job, this.#deps);
      if (kept === undefined) started.push(runner);
      return runner;
    });
    const names = new Set(jobs.map(({ name }) => name));
    // The old ends first: two runs of one target at a time would write the same series.
    await Promise.all([...before.values()].map((runner) => runner.close({ ended: !names.has(runner.job.name) })));
    await Promise.all(started.map((runner) => runner.start()));
  }

  async close(): Promise<void> {
    const runners = this.#runners;
    this.#runners = [];
    await Promise.all(runners.map((runner) => runner.close({ ended: false })));
  }

  active(): ReturnType<TargetsView['active']> {
    return this.#runners.flatMap((runner) => runner.active());
  }

  dropped(): ReturnType<TargetsView['dropped']> {
    return {
      targets: this.#runners.flatMap(({ job, dropped }) =>
        dropped.targets.map((discoveredLabels) => ({ job: job.name, discoveredLabels })),
      ),
      countByJob: Object.fromEntries(this.#runners.map(({ job, dropped }) => [job.name, dropped.count])),
    };
  }

  jobs(): readonly string[] {
    return this.#runners.map(({ job }) => job.name);
  }
}
