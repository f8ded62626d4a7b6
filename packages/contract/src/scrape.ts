/**
 * Scrape files: what to scrape, in the words of Prometheus's configuration file (`global`, `scrape_configs`). A file of
 * Prometheus that uses only the keys below loads unchanged; any other key is an error with its line, because a key that
 * is passed over is a target that is scraped otherwise than its owner believes.
 * Source: Prometheus documentation, "Configuration", as of 3.x.
 */
import { z } from 'zod';
import { checkRelabelRule, relabelRuleSchema } from './relabel.ts';
import { durationText } from './rule.ts';
import { checkClient, clientFields } from './scrape-client.ts';
import { type DocumentResult, type Path, type Report, readYaml } from './yaml-document.ts';

export const SCRAPE_PROTOCOLS = [
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
] as const;
export type ScrapeProtocol = (typeof SCRAPE_PROTOCOLS)[number];

const MAX_CONFIGS = 10_000;
const MAX_TARGETS_A_GROUP = 100_000;
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** As Prometheus: `10MB` and `10MiB` both are 10 * 2^20. */
const byteSize = z.union([z.string(), z.number()]).transform((given, context) => {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/.exec(String(given).trim()) ?? [];
  if (digits !== undefined) return Math.floor(Number(digits) * (UNITS[unit ?? ''] ?? 1));
  context.addIssue({ code: 'custom', message: 'is not a size; write such as 10MB', input: given });
  return z.NEVER;
});

/** YAML reads 1 and true as a number and a boolean; Prometheus takes them as text. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const labels = z.record(z.string().min(1), text);
/** 0 means no limit, as in Prometheus. */
const limit = z.number().int().min(0);
/** Not checked here: relabelling may move it, such as an address to probe into a parameter. */
const address = z.string().min(1);

export const targetGroupSchema = z.strictObject({
  targets: z.array(address).max(MAX_TARGETS_A_GROUP).default([]),
  labels: labels.default({}),
});

export type TargetGroupDocument = z.output<typeof targetGroupSchema>;

/** What a file of `file_sd_configs` holds. */
export const targetFileSchema = z.array(targetGroupSchema).max(MAX_CONFIGS);

const limits = {
  body_size_limit: byteSize.optional(),
  sample_limit: limit.optional(),
  target_limit: limit.optional(),
  label_limit: limit.optional(),
  label_name_length_limit: limit.optional(),
  label_value_length_limit: limit.optional(),
  keep_dropped_targets: limit.optional(),
};

const protocols = {
  scrape_interval: durationText.optional(),
  scrape_timeout: durationText.optional(),
  scrape_protocols: z.array(z.enum(SCRAPE_PROTOCOLS)).min(1).optional(),
  scrape_native_histograms: z.boolean().optional(),
  always_scrape_classic_histograms: z.boolean().optional(),
};

const jobSchema = z.strictObject({
  job_name: z.string().min(1).max(256),
  ...protocols,
  fallback_scrape_protocol: z.enum(SCRAPE_PROTOCOLS).optional(),
  metrics_path: z.string().regex(/^\//, 'must begin with "/"').default('/metrics'),
  scheme: z.enum(['http', 'https']).default('http'),
  params: z.record(z.string().min(1), z.array(text)).default({}),
  honor_labels: z.boolean().default(false),
  honor_timestamps: z.boolean().default(true),
  track_timestamps_staleness: z.boolean().default(false),
  enable_compression: z.boolean().default(true),
  ...clientFields,
  static_configs: z.array(targetGroupSchema).max(MAX_CONFIGS).default([]),
  file_sd_configs: z
    .array(
      z.strictObject({
        files: z
          .array(z.string().regex(/\.(json|yml|yaml)$/i, 'must end in .json, .yml or .yaml'))
          .min(1)
          .max(1_000),
        refresh_interval: durationText.default(300_000),
      }),
    )
    .max(1_000)
    .default([]),
  relabel_configs: z.array(relabelRuleSchema).max(1_000).default([]),
  metric_relabel_configs: z.array(relabelRuleSchema).max(1_000).default([]),
  ...limits,
});

export const scrapeFileSchema = z.strictObject({
  global: z
    .strictObject({
      ...protocols,
      ...limits,
      evaluation_interval: durationText.optional().describe('read, without effect: it is about rules'),
      external_labels: labels.optional().describe('read, without effect: Prometheus adds them only when it sends on'),
    })
    .prefault({}),
  scrape_configs: z.array(jobSchema).max(MAX_CONFIGS).default([]),
});

export type ScrapeFileDocument = z.output<typeof scrapeFileSchema>;
export type ScrapeJobDocument = z.output<typeof jobSchema>;

interface ScrapeFileOptions {
  readonly file: string;
  /** Throws on a bad regular expression. */
  readonly compile: (pattern: string) => unknown;
}

/** Reads a scrape file; every problem at once. */
export function parseScrapeFile(
  source: string,
  { file, compile }: ScrapeFileOptions,
): DocumentResult<ScrapeFileDocument> {
  return readYaml(scrapeFileSchema, source, {
    file,
    check: ({ scrape_configs: jobs }, report) => {
      const names = new Set<string>();
      jobs.forEach((job, index) => {
        const at: Report = (path, message) => report(['scrape_configs', index, ...path], message);
        if (names.has(job.job_name)) at(['job_name'], `the job "${job.job_name}" occurs twice in this file`);
        names.add(job.job_name);
        checkJob(job, at, compile);
      });
    },
  });
}

/** Reads a file of `file_sd_configs`, YAML or JSON. */
export function parseTargetFile(source: string, file: string): DocumentResult<TargetGroupDocument[]> {
  return readYaml(targetFileSchema, source, { file });
}

function checkJob(job: ScrapeJobDocument, report: Report, compile: (pattern: string) => unknown): void {
  const { scrape_interval: interval, scrape_timeout: timeout } = job;
  if (interval === 0) report(['scrape_interval'], 'must be longer than 0s');
  if (timeout === 0) report(['scrape_timeout'], 'must be longer than 0s');
  if (interval !== undefined && timeout !== undefined && timeout > interval) {
    report(['scrape_timeout'], 'is longer than "scrape_interval"; a scrape must end before the next one');
  }
  checkClient(job, report);
  for (const key of ['relabel_configs', 'metric_relabel_configs'] as const) {
    job[key].forEach((rule, index) => {
      const at: Report = (path: Path, message) => report([key, index, ...path], message);
      checkRelabelRule(rule, at, compile);
    });
  }
}
