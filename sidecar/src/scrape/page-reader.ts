/**
 * A page to samples, all or nothing: nothing reaches the sink before the last line was read. Long pages are read in
 * portions, so that other work is not held up.
 */
import type { ExponentialHistogram } from '@tapewatch/core';
import { METRIC_NAME } from '@tapewatch/core';
import { canonicalPairs, Families } from './exposition/family.ts';
import type { Stamp } from './exposition/number-text.ts';
import { TextParser, type Dialect, type PageExemplar } from './exposition/text-parser.ts';
import { labelSample, type LabelRules } from './sample-label.ts';
import { ScrapeFault } from './scrape-fault.ts';
import { detached, detachedPairs, type CachedSeries, type SeriesCache } from './series-cache.ts';

/** Entries read at a stretch: about a millisecond's worth of known series, some ten of new ones. */
const PORTION = 1_024;

export interface PageSample {
  readonly series: CachedSeries;
  readonly value: number;
  /** Undefined: the time of the scrape. */
  readonly stamp: Stamp | undefined;
  /** Cumulative, in place of the value. */
  readonly histogram: ExponentialHistogram | undefined;
  /** Undefined for most. */
  readonly exemplars: readonly PageExemplar[] | undefined;
}

export interface PageSamples {
  /** After relabelling. */
  readonly samples: readonly PageSample[];
  /** As exposed. */
  readonly exposed: number;
  /** Series that the page before did not have. */
  readonly added: number;
}

/** Lets other work go on. */
export type Pause = () => Promise<void>;

export const pauseForOthers: Pause = () => new Promise((resolve) => setImmediate(resolve));

export class PageCollector {
  readonly #cache: SeriesCache;
  readonly #rules: LabelRules & { readonly job: { readonly honorTimestamps: boolean } };
  readonly samples: PageSample[] = [];
  exposed = 0;
  added = 0;

  constructor(cache: SeriesCache, rules: LabelRules & { readonly job: { readonly honorTimestamps: boolean } }) {
    this.#cache = cache;
    this.#rules = rules;
    cache.beginPage();
  }

  /** `describe` is called for a text that the last page did not have. */
  add(
    text: string,
    describe: () => Pick<CachedSeries, 'kind' | 'unit' | 'help'> & {
      readonly pairs: Parameters<typeof labelSample>[0];
    },
    point: Pick<PageSample, 'value' | 'stamp'> & { readonly histogram?: ExponentialHistogram },
    exemplars?: readonly PageExemplar[],
  ): void {
    this.exposed++;
    const series = this.#cache.get(text) ?? this.#make(text, describe());
    series.page = this.#cache.page;
    if (series.labels === undefined) return;
    const { samples: limit } = this.#rules.job.limits;
    if (this.samples.length >= limit) {
      throw new ScrapeFault(`sample_limit: the page has more than ${limit} samples after relabelling`);
    }
    const stamp = this.#rules.job.honorTimestamps ? point.stamp : undefined;
    series.hasStamp = stamp !== undefined;
    this.samples.push({ series, value: point.value, stamp, histogram: point.histogram, exemplars });
  }

  #make(
    text: string,
    {
      pairs,
      kind,
      unit,
      help,
    }: Pick<CachedSeries, 'kind' | 'unit' | 'help'> & { pairs: Parameters<typeof labelSample>[0] },
  ): CachedSeries {
    const labels = labelSample(detachedPairs(pairs), this.#rules);
    const series: CachedSeries = { labels, kind, unit, help, ref: 0, page: this.#cache.page, hasStamp: false };
    this.#cache.add(text, series);
    if (labels !== undefined) this.added++;
    return series;
  }
}

/** Throws `ScrapeFault` or `ExpositionError`; the cache then holds series that never came: clear it. */
export async function readTextPage(
  body: Uint8Array,
  dialect: Dialect,
  { collector, pause }: { collector: PageCollector; pause: Pause },
): Promise<void> {
  const parser = new TextParser(textOf(body), dialect);
  const families = new Families();
  const describe = () => {
    const pairs = parser.labels();
    const name = pairs.find(([label]) => label === METRIC_NAME)?.[1] ?? '';
    const { kind, family } = families.describe(name);
    return { pairs: canonicalPairs(pairs, family.type), kind, unit: family.unit, help: family.help };
  };
  for (let count = 1; ; count++) {
    if (count % PORTION === 0) await pause();
    const entry = parser.next();
    if (entry === 'end') return;
    if (entry === 'sample') {
      const { exemplar } = parser;
      collector.add(parser.seriesText, describe, parser, exemplar === undefined ? undefined : [exemplar]);
    } else if (entry === 'type') families.at(detached(parser.family)).type = parser.metricType;
    else families.at(detached(parser.family))[entry] = detached(parser.content);
  }
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new ScrapeFault('the page is not UTF-8', { cause });
  }
}
