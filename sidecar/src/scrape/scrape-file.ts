/**
 * Scrape files from disk as jobs, with every default filled in. Everything that is wrong in any file is told at once, and
 * then nothing is taken. Paths within a file start at the file's own folder, as in Prometheus.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  formatProblem,
  parseScrapeFile,
  type ScrapeClient,
  type ScrapeFileDocument,
  type ScrapeJobDocument,
  type ScrapeProtocol,
  type TargetGroupDocument,
} from '@tapewatch/contract';
import { glob } from 'tinyglobby';
import { TapewatchError } from '../errors.ts';
import { compileExpression, compileRelabelling, type Relabeller } from './relabel.ts';
import type { ScrapeOptions } from './scrape-options.ts';

/** What of the settings a job's defaults come from. */
export type JobDefaults = Pick<
  ScrapeOptions,
  'interval' | 'timeout' | 'bodyLimitBytes' | 'sampleLimit' | 'maxTargets' | 'maxDroppedTargets'
>;

/** Without `scrape_protocols`, the order in which formats are asked for. */
const TEXT_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];

export interface PageLimits {
  readonly bodyBytes: number;
  readonly samples: number;
  /** Infinity: no limit. */
  readonly labels: number;
  readonly labelNameLength: number;
  readonly labelValueLength: number;
}

/** A `scrape_config`, ready for use. */
export interface ScrapeJob {
  readonly name: string;
  readonly file: string;
  /** Changes whenever anything in the job does: an unchanged job keeps scraping over a reload. */
  readonly fingerprint: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly scheme: 'http' | 'https';
  readonly metricsPath: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly compression: boolean;
  readonly protocols: readonly ScrapeProtocol[];
  readonly fallbackProtocol: ScrapeProtocol | undefined;
  readonly classicHistograms: boolean;
  readonly client: ScrapeClient;
  readonly limits: PageLimits;
  readonly targetLimit: number;
  readonly droppedTargetsKept: number;
  readonly staticGroups: readonly TargetGroupDocument[];
  readonly fileDiscoveries: readonly { readonly files: readonly string[]; readonly refreshMs: number }[];
  readonly relabelTarget: Relabeller;
  /** Undefined where there are no rules. */
  readonly relabelSample: Relabeller | undefined;
}

/** Files in the order of their names, each once. Throws `config.invalid` with every problem. */
export async function loadScrapeFiles(patterns: readonly string[], defaults: JobDefaults): Promise<ScrapeJob[]> {
  const problems: string[] = [];
  const jobs: ScrapeJob[] = [];
  const fileByJob = new Map<string, string>();
  for (const file of await findFiles(patterns, problems)) {
    const document = await readScrapeFile(file, problems);
    for (const job of document?.scrape_configs ?? []) {
      const other = fileByJob.get(job.job_name);
      if (other !== undefined) problems.push(`${file}: the job "${job.job_name}" is also in ${other}; rename one`);
      fileByJob.set(job.job_name, file);
      const ready = jobOf(job, document?.global ?? {}, { file, defaults });
      if (typeof ready === 'string') problems.push(`${file}: ${ready}`);
      else jobs.push(ready);
    }
  }
  if (problems.length === 0) return jobs;
  const message = `the scrape files have ${problems.length} problem(s):\n${problems.join('\n')}`;
  throw new TapewatchError('config.invalid', message, { details: { problems } });
}

async function readScrapeFile(file: string, problems: string[]): Promise<ScrapeFileDocument | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    problems.push(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
    return undefined;
  }
  const result = parseScrapeFile(text, { file, compile: compileExpression });
  if (result.ok) return result.value;
  problems.push(...result.problems.map(formatProblem));
  return undefined;
}

async function findFiles(patterns: readonly string[], problems: string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const found = await matchFiles(pattern);
    if (found.length === 0) problems.push(`${pattern}: no file matches; correct the pattern or remove it`);
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}

/** Absolute paths; a name without a pattern is taken as it is, whether or not the file exists. */
export async function matchFiles(pattern: string): Promise<string[]> {
  const absolute = path.resolve(pattern);
  if (!/[*?[\]{}]/.test(path.basename(absolute))) return [absolute];
  const cwd = path.dirname(absolute);
  const found = await glob(path.basename(absolute), { cwd, absolute: true, onlyFiles: true, dot: false });
  return found.map((file) => path.normalize(file)).sort();
}

interface JobContext {
  readonly file: string;
  readonly defaults: JobDefaults;
}

/** A sentence where the job's parts and the defaults do not go together. */
function jobOf(
  job: ScrapeJobDocument,
  global: Partial<ScrapeFileDocument['global']>,
  { file, defaults }: JobContext,
): ScrapeJob | string {
  const own = { ...definedOf(global), ...definedOf(job) };
  const intervalMs = own.scrape_interval ?? defaults.interval;
  const timeoutMs = job.scrape_timeout ?? Math.min(intervalMs, global.scrape_timeout ?? defaults.timeout);
  if (timeoutMs > intervalMs) {
    return `job "${job.job_name}": scrape_timeout is longer than the interval of ${intervalMs} ms; a scrape must end before the next one`;
  }
  const client = withPaths(job, path.dirname(file));
  const native = own.scrape_native_histograms ?? false;
  return {
    name: job.job_name,
    file,
    fingerprint: JSON.stringify([file, intervalMs, timeoutMs, own]),
    intervalMs,
    timeoutMs,
    scheme: job.scheme,
    metricsPath: job.metrics_path,
    params: job.params,
    honorLabels: job.honor_labels,
    honorTimestamps: job.honor_timestamps,
    trackTimestampsStaleness: job.track_timestamps_staleness,
    compression: job.enable_compression,
    protocols: own.scrape_protocols ?? (native ? ['PrometheusProto', ...TEXT_PROTOCOLS] : TEXT_PROTOCOLS),
    fallbackProtocol: job.fallback_scrape_protocol,
    classicHistograms: own.always_scrape_classic_histograms ?? false,
    client,
    limits: {
      bodyBytes: Math.min(own.body_size_limit || Infinity, defaults.bodyLimitBytes),
      samples: Math.min(own.sample_limit || Infinity, defaults.sampleLimit),
      labels: own.label_limit || Infinity,
      labelNameLength: own.label_name_length_limit || Infinity,
      labelValueLength: own.label_value_length_limit || Infinity,
    },
    targetLimit: Math.min(own.target_limit || Infinity, defaults.maxTargets),
    droppedTargetsKept: Math.min(own.keep_dropped_targets || Infinity, defaults.maxDroppedTargets),
    staticGroups: job.static_configs,
    fileDiscoveries: job.file_sd_configs.map(({ files, refresh_interval: refreshMs }) => ({
      files: files.map((pattern) => path.resolve(path.dirname(file), pattern)),
      refreshMs,
    })),
    relabelTarget: compileRelabelling(job.relabel_configs),
    relabelSample: job.metric_relabel_configs.length === 0 ? undefined : compileRelabelling(job.metric_relabel_configs),
  };
}

/** A key that a job leaves out must not hide the global one. */
function definedOf<T extends object>(document: T): T {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined)) as T;
}

/** Credential and certificate files start at the folder of the scrape file. */
function withPaths(job: ScrapeJobDocument, folder: string): ScrapeClient {
  const absolute = <T extends object>(block: T): T =>
    Object.fromEntries(
      Object.entries(block).map(([key, value]) => [
        key,
        key.endsWith('_file') && typeof value === 'string' ? path.resolve(folder, value) : value,
      ]),
    ) as T;
  const { basic_auth: basic, authorization, bearer_token, bearer_token_file, follow_redirects, enable_http2 } = job;
  return absolute({
    basic_auth: basic === undefined ? undefined : absolute(basic),
    authorization: authorization === undefined ? undefined : absolute(authorization),
    bearer_token,
    bearer_token_file,
    tls_config: absolute(job.tls_config),
    follow_redirects,
    enable_http2,
  });
}
