/**
 * What the exposition port shows: our own metrics and what was collected, in the format that the reader prefers; and
 * `/federate`, which shows selected series with their stamps. The answer of a scrape is kept for a second, so that many
 * scrapers cost as much as one.
 */
import { compileMatchers, type Labels, type Matcher, type RegexCompiler } from '@tapewatch/core';
import type { Clock, StoreReader, Telemetry } from '../../ports.ts';
import { collectedFamilies, type MetricHead } from './collected.ts';
import { mergeFamilies, type MetricFamily } from './family.ts';
import { CONTENT_TYPES, negotiate, writeText } from './write-text.ts';

const KEEP_MS = 1_000;

export interface ExposeDeps {
  readonly reader: Pick<StoreReader, 'select'>;
  readonly catalogue: {
    metrics(): readonly MetricHead[];
    /** Throws `query.parse`. */
    matchers(selector: string): readonly Matcher[];
  };
  readonly own: () => Promise<readonly MetricFamily[]>;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'level'>;
  readonly compileRegex: RegexCompiler;
  readonly maxSeries: number;
}

export interface Exposed {
  readonly contentType: string;
  readonly text: string;
}

export interface Exposition {
  metrics(accept: string | undefined): Promise<Exposed>;
  /** Series that match any of the selectors. Throws `query.parse`. */
  federate(selectors: readonly string[], accept: string | undefined): Promise<Exposed>;
}

export function createExposition(deps: ExposeDeps): Exposition {
  let leftOut = 0;
  let kept: { readonly atMs: number; readonly families: Promise<MetricFamily[]> } | undefined;
  deps.telemetry.level('exposition_series_left_out', 'Collected samples that the last scrape left out.', () => leftOut);
  const nowMs = (): number => Number(deps.clock.now() / 1_000_000n);
  const read = async (): Promise<MetricFamily[]> => {
    const { reader, catalogue, own, maxSeries } = deps;
    const collected = await collectedFamilies(reader, catalogue.metrics(), { nowMs: nowMs(), maxSeries });
    leftOut = collected.leftOut;
    return mergeFamilies([...(await own()), ...collected.families]);
  };
  return {
    async metrics(accept) {
      const now = nowMs();
      if (kept === undefined || now - kept.atMs >= KEEP_MS) {
        const families = read();
        // A failed reading is not kept.
        families.catch(() => (kept = undefined));
        kept = { atMs: now, families };
      }
      return shown(await kept.families, accept);
    },
    async federate(selectors, accept) {
      const tests = selectors.map((text) => compileMatchers(deps.catalogue.matchers(text), deps.compileRegex));
      const matches = (labels: Labels): boolean => tests.some((test) => test(labels));
      const request = { nowMs: nowMs(), maxSeries: deps.maxSeries, matches, withTimes: true };
      const { families } = await collectedFamilies(deps.reader, deps.catalogue.metrics(), request);
      return shown(families, accept);
    },
  };
}

function shown(families: readonly MetricFamily[], accept: string | undefined): Exposed {
  const format = negotiate(accept);
  return { contentType: CONTENT_TYPES[format], text: writeText(families, format) };
}
