/**
 * Families as text for a scraper: Prometheus's text format 0.0.4 and OpenMetrics 1.0.0. The first knows no info metrics,
 * so they are gauges there; the second names counters and info metrics without their suffix, wants canonical numbers in
 * `le` and `quantile`, and ends with `# EOF`. Names that neither format can carry get underscores.
 * Sources: Prometheus, "Exposition formats"; OpenMetrics 1.0.0.
 */
import type { ExposedSample, MetricFamily } from './family.ts';

export type TextFormat = 'prometheus' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** OpenMetrics when the reader names it and does not like plain text better. */
export function negotiate(accept: string | undefined): TextFormat {
  const weightOf = (type: string): number => {
    const part = (accept ?? '').split(',').find((candidate) => candidate.trim().startsWith(type));
    if (part === undefined) return 0;
    const weight = /;\s*q=([\d.]+)/.exec(part)?.[1];
    return weight === undefined ? 1 : Number(weight);
  };
  const openmetrics = weightOf('application/openmetrics-text');
  return openmetrics > 0 && openmetrics >= weightOf('text/plain') ? 'openmetrics' : 'prometheus';
}

export function writeText(families: readonly MetricFamily[], format: TextFormat): string {
  const text = families.map((family) => familyText(family, format)).join('');
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

function familyText(family: MetricFamily, format: TextFormat): string {
  const { name, type } = headOf(family, format);
  const lines: string[] = [];
  const help = format === 'openmetrics' ? escapeQuoted(family.help) : escapeHelp(family.help);
  if (help !== '') lines.push(`# HELP ${name} ${help}`);
  lines.push(`# TYPE ${name} ${type}`);
  // A unit is part of the name there, or it must not be told.
  if (format === 'openmetrics' && family.unit !== '' && name.endsWith(`_${family.unit}`)) {
    lines.push(`# UNIT ${name} ${family.unit}`);
  }
  for (const sample of family.samples) lines.push(sampleText(sample, format));
  return `${lines.join('\n')}\n`;
}

function headOf({ name, type }: MetricFamily, format: TextFormat): { name: string; type: string } {
  const clean = metricName(name);
  if (format === 'prometheus') {
    if (type === 'info') return { name: clean, type: 'gauge' };
    return { name: clean, type: type === 'unknown' ? 'untyped' : type };
  }
  const suffix = type === 'counter' ? '_total' : type === 'info' ? '_info' : '';
  if (!clean.endsWith(suffix)) return { name: clean, type: 'unknown' };
  return { name: clean.slice(0, clean.length - suffix.length), type };
}

function sampleText({ name, labels, value, timeMs }: ExposedSample, format: TextFormat): string {
  const inner = Object.entries(labels).map(([label, text]) => {
    const shown = format === 'openmetrics' && (label === 'le' || label === 'quantile') ? canonical(text) : text;
    return `${labelName(label)}="${escapeQuoted(shown)}"`;
  });
  const stamp = timeMs === undefined ? '' : ` ${format === 'openmetrics' ? timeMs / 1000 : timeMs}`;
  return `${metricName(name)}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${numberText(value)}${stamp}`;
}

export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

/** `1` is `1.0` in a bound. */
function canonical(text: string): string {
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function metricName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_');
}

function labelName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}

function escapeHelp(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}

function escapeQuoted(text: string): string {
  return escapeHelp(text).replace(/"/g, '\\"');
}
