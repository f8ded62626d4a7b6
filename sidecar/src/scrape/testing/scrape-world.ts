/** What the scraper needs of the rest, in memory: a clock moved by hand, a sink that remembers, telemetry that counts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExponentialHistogram, Labels, MetricKind } from '@tapewatch/core';
import type { Clock, Logger, SampleSink, SentExemplar, Telemetry } from '../../ports.ts';
import { loadScrapeFiles, type ScrapeJob } from '../scrape-file.ts';
import { scrapeOptions } from '../scrape-options.ts';

const NANOS_PER_MS = 1_000_000n;
const LIMIT_MS = 10_000;
const POLL_MS = 2;

/** 2026-01-05 00:00:00 UTC, whole minutes: a multiple of every interval in the tests. */
export const START_NANOS = 1_767_571_200_000_000_000n;

export class ManualClock implements Clock {
  #now = START_NANOS;
  readonly #timers = new Set<{ atNanos: bigint; readonly everyNanos: bigint; readonly callback: () => void }>();

  now(): bigint {
    return this.#now;
  }

  every(intervalMs: number, callback: () => void): () => void {
    const everyNanos = BigInt(Math.round(intervalMs * 1e6));
    const timer = { atNanos: this.#now + everyNanos, everyNanos, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on to the next timer and calls it. */
  step(): void {
    const [next] = [...this.#timers].sort((a, b) => Number(a.atNanos - b.atNanos));
    if (next === undefined) throw new Error('no timer is set');
    this.advanceTo(next.atNanos);
  }

  advance(ms: number): void {
    this.advanceTo(this.#now + BigInt(ms) * NANOS_PER_MS);
  }

  advanceTo(untilNanos: bigint): void {
    for (;;) {
      const due = [...this.#timers].filter(({ atNanos }) => atNanos <= untilNanos);
      const [next] = due.sort((a, b) => Number(a.atNanos - b.atNanos));
      if (next === undefined) break;
      this.#now = next.atNanos > this.#now ? next.atNanos : this.#now;
      next.atNanos += next.everyNanos;
      next.callback();
    }
    this.#now = untilNanos;
  }
}

export interface SunkSample {
  readonly labels: Labels;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly help: string;
  readonly seconds: number;
  readonly nanos: number;
  /** NaN and `stale` for a staleness marker. */
  readonly value: number;
  readonly stale?: true;
  readonly histogram?: ExponentialHistogram;
}

export class MemorySink implements SampleSink {
  readonly samples: SunkSample[] = [];
  /** `<labels> <value> {<own labels>} @<seconds>.<nanoseconds>`. */
  readonly exemplars: string[] = [];
  readonly #series: Pick<SunkSample, 'labels' | 'kind' | 'unit' | 'help'>[] = [];
  readonly #refs = new Map<string, number>();

  series(labels: Labels, kind: MetricKind, unit = '', help = ''): number {
    const known = this.#refs.get(labels.key);
    if (known !== undefined) return known;
    const ref = this.#series.push({ labels, kind, unit, help });
    this.#refs.set(labels.key, ref);
    return ref;
  }

  number(ref: number, seconds: number, nanos: number, value: number): void {
    this.samples.push({ ...this.#at(ref), seconds, nanos, value });
  }

  stale(ref: number, seconds: number, nanos: number): void {
    this.samples.push({ ...this.#at(ref), seconds, nanos, value: NaN, stale: true });
  }

  histogram(ref: number, seconds: number, nanos: number, histogram: ExponentialHistogram): void {
    this.samples.push({ ...this.#at(ref), seconds, nanos, value: NaN, histogram });
  }

  exemplar(ref: number, { seconds, nanos, value, labels: own }: SentExemplar): void {
    const text = own.map(([name, content]) => `${name}=${content}`).join(' ');
    this.exemplars.push(`${this.#at(ref).labels.toString()} ${value} {${text}} @${seconds}.${nanos}`);
  }

  event(): void {
    throw new Error('a scraper has no events');
  }

  problem(): void {
    throw new Error('a scraper tells its problems by the health of its targets');
  }

  /** Values by series, in PromQL notation, `stale` for a marker. */
  values(from = 0): Record<string, number | 'stale'> {
    return Object.fromEntries(
      this.samples.slice(from).map(({ labels, value, stale }) => [labels.toString(), stale === true ? 'stale' : value]),
    );
  }

  #at(ref: number): Pick<SunkSample, 'labels' | 'kind' | 'unit' | 'help'> {
    const series = this.#series[ref - 1];
    if (series === undefined) throw new Error(`no series has the reference ${ref}`);
    return series;
  }
}

export class MemoryLog implements Logger {
  readonly lines: string[] = [];
  debug = (fields: object, message: string): void => this.#add(fields, message);
  info = (fields: object, message: string): void => this.#add(fields, message);
  warn = (fields: object, message: string): void => this.#add(fields, message);
  error = (fields: object, message: string): void => this.#add(fields, message);
  #add(fields: object, message: string): void {
    this.lines.push(`${JSON.stringify(fields)} ${message}`);
  }
}

/** Counts by name and reason. */
export function countingTelemetry(): { readonly telemetry: Telemetry; readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const count = (name: string, by: number): void => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  const telemetry = {
    received: (_stream: string, messages: number, bytes: number) => {
      count('pages', messages);
      count('bytes', bytes);
    },
    duplicates: (_stream: string, items: number) => count('duplicates', items),
    dropped: (_stream: string, reason: string, items: number) => count(reason, items),
    level: () => undefined,
  };
  return { telemetry: telemetry as unknown as Telemetry, counts };
}

export async function until(holds: () => boolean): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  while (!holds()) {
    if (Date.now() > limit) throw new Error(`this did not come to hold within ${LIMIT_MS} ms: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'tapewatch-scrape-'));

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The jobs of a scrape file given as text. */
export async function jobsOf(folder: Folder, text: string, settings: object = {}): Promise<ScrapeJob[]> {
  return loadScrapeFiles([folder.write('scrape.yaml', text)], scrapeOptions.parse(settings));
}
