/**
 * What a scraped sample is called in the end: the target's labels join its own, rules for samples apply, limits hold.
 * Source: Prometheus documentation, "honor_labels"; a label that the target loses is kept as `exported_<name>`.
 */
import { isValidLabelName, Labels, METRIC_NAME, type LabelPair } from '@tapewatch/core';
import type { LabelMap, Relabeller } from './relabel.ts';
import type { PageLimits, ScrapeJob } from './scrape-file.ts';
import { ScrapeFault } from './scrape-fault.ts';

export interface LabelRules {
  readonly target: ReadonlyMap<string, string>;
  readonly job: Pick<ScrapeJob, 'honorLabels' | 'relabelSample' | 'limits'>;
}

/** Undefined: the rules drop the sample. Throws `ScrapeFault` for labels that end the scrape. */
export function labelSample(pairs: readonly LabelPair[], { target, job }: LabelRules): Labels | undefined {
  const labels = job.honorLabels ? honoured(pairs, target) : overridden(pairs, target);
  if (!isKept(labels, job.relabelSample)) return undefined;
  const result = Labels.from(labels);
  check(result, job.limits);
  return result;
}

function isKept(labels: LabelMap, relabel: Relabeller | undefined): boolean {
  return (relabel === undefined || relabel(labels)) && labels.size > 0;
}

/** An empty label of the sample counts as one: it keeps the target's away. */
function honoured(pairs: readonly LabelPair[], target: ReadonlyMap<string, string>): LabelMap {
  const labels: LabelMap = new Map([...target, ...pairs]);
  for (const [name, value] of labels) if (value === '') labels.delete(name);
  return labels;
}

function overridden(pairs: readonly LabelPair[], target: ReadonlyMap<string, string>): LabelMap {
  const own = pairs.filter(([, value]) => value !== '');
  const labels: LabelMap = new Map([...own, ...target]);
  const lost = own.filter(([name]) => target.has(name)).sort(([a], [b]) => a.length - b.length);
  for (const [name, value] of lost) {
    let kept = `exported_${name}`;
    while (labels.has(kept)) kept = `exported_${kept}`;
    labels.set(kept, value);
  }
  return labels;
}

function check(labels: Labels, limits: PageLimits): void {
  const name = labels.metricName;
  if (name === '')
    throw new ScrapeFault(`relabelling left a sample without a name: ${labels.toString().slice(0, 200)}`);
  const told = name.slice(0, 100);
  if (labels.size > limits.labels) {
    throw new ScrapeFault(`label_limit: ${told} has ${labels.size} labels, ${limits.labels} are allowed`);
  }
  for (const [label, value] of labels.pairs) {
    if (!isValidLabelName(label)) throw new ScrapeFault(`${told} has the label name ${JSON.stringify(label)}`);
    if (Buffer.byteLength(label) > limits.labelNameLength) {
      throw new ScrapeFault(
        `label_name_length_limit: ${told} has a label name of ${Buffer.byteLength(label)} bytes, ${limits.labelNameLength} are allowed`,
      );
    }
    if (Buffer.byteLength(value) > limits.labelValueLength) {
      throw new ScrapeFault(
        `label_value_length_limit: ${told} has a value of label ${JSON.stringify(label.slice(0, 100))} with ${Buffer.byteLength(value)} bytes, ${limits.labelValueLength} are allowed`,
      );
    }
  }
}

/** Labels of a sample that the scraper itself makes of a target. */
export function reportLabels(name: string, target: ReadonlyMap<string, string>): Labels {
  return Labels.from([...target, [METRIC_NAME, name] as const]);
}
