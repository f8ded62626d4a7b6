/**
 * From what a discovery tells to a target: defaults of its job, relabelling, address, labels. Source: Prometheus
 * documentation, "relabel_config"; labels that begin with `__` steer the scrape and are gone afterwards.
 */
import { METRIC_NAME, formatDurationMs, parseDurationMs } from '@tapewatch/core';
import type { TargetGroup } from './discovery.ts';
import type { LabelMap } from './relabel.ts';
import type { ScrapeJob } from './scrape-file.ts';

const PARAM = '__param_';
const ADDRESS = '__address__';
const SCHEME = '__scheme__';
const PATH = '__metrics_path__';
const INTERVAL = '__scrape_interval__';
const TIMEOUT = '__scrape_timeout__';

export interface Target {
  /** Equal keys mean the same target: all labels after relabelling, the hidden ones too. */
  readonly key: string;
  readonly url: string;
  /** What every sample of it gets. */
  readonly labels: ReadonlyMap<string, string>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export type TargetOutcome =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'dropped'; readonly discoveredLabels: Readonly<Record<string, string>> }
  | { readonly kind: 'invalid'; readonly problem: string };

export function targetsOf(group: TargetGroup, job: ScrapeJob): TargetOutcome[] {
  return group.targets.map((own) => targetOf({ ...group.labels, ...own }, job));
}

function targetOf(found: Readonly<Record<string, string>>, job: ScrapeJob): TargetOutcome {
  const labels: LabelMap = new Map(Object.entries(withDefaults(found, job)).filter(([, value]) => value !== ''));
  const discoveredLabels = Object.fromEntries(labels);
  const invalid = (problem: string): TargetOutcome => ({
    kind: 'invalid',
    problem: `a target of job ${job.name} (${discoveredLabels[ADDRESS] ?? 'without address'}): ${problem}`,
  });
  if (!job.relabelTarget(labels)) return { kind: 'dropped', discoveredLabels };
  const address = labels.get(ADDRESS);
  if (address === undefined) return invalid('relabelling left no __address__');
  const intervalMs = parseDurationMs(labels.get(INTERVAL) ?? '') ?? 0;
  const timeoutMs = parseDurationMs(labels.get(TIMEOUT) ?? '') ?? 0;
  if (intervalMs <= 0) return invalid(`${INTERVAL} is ${labels.get(INTERVAL)}; write such as 15s`);
  if (timeoutMs <= 0 || timeoutMs > intervalMs) {
    return invalid(`${TIMEOUT} is ${labels.get(TIMEOUT)}; it must be above zero and at most the interval`);
  }
  for (const name of labels.keys()) if (name.startsWith('__meta_')) labels.delete(name);
  const url = urlOf(address, labels, job);
  if (url === undefined) return invalid(`"${address}" is not host:port; scheme and path are labels of their own`);
  const shown = new Map([...labels].filter(([name]) => !name.startsWith('__')));
  if (!shown.has('instance')) shown.set('instance', address);
  const key = JSON.stringify([...labels, ['instance', shown.get('instance')]].sort());
  return { kind: 'target', target: { key, url, labels: shown, discoveredLabels, intervalMs, timeoutMs } };
}

/** What the target itself says wins over its job. */
function withDefaults(found: Readonly<Record<string, string>>, job: ScrapeJob): Record<string, string> {
  const params = Object.entries(job.params).map(([name, [first = '']]) => [PARAM + name, first] as const);
  return {
    job: job.name,
    [INTERVAL]: formatDurationMs(job.intervalMs),
    [TIMEOUT]: formatDurationMs(job.timeoutMs),
    [PATH]: job.metricsPath,
    [SCHEME]: job.scheme,
    ...Object.fromEntries(params),
    ...Object.fromEntries(Object.entries(found).filter(([name, value]) => value !== '' && name !== METRIC_NAME)),
  };
}

function urlOf(address: string, labels: LabelMap, job: ScrapeJob): string | undefined {
  const scheme = labels.get(SCHEME) ?? 'http';
  const text = `${scheme}://${address}`;
  if (/[/?#@\s]/.test(address) || !/^https?$/.test(scheme) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.pathname = labels.get(PATH) ?? '/';
  const params = new Map(Object.entries(job.params).map(([name, values]) => [name, [...values]]));
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM)) continue;
    const values = params.get(name.slice(PARAM.length)) ?? [];
    params.set(name.slice(PARAM.length), [value, ...values.slice(1)]);
  }
  for (const [name, values] of [...params].sort()) for (const value of values) url.searchParams.append(name, value);
  return url.href;
}
