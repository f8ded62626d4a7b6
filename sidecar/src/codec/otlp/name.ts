/**
 * Names as Prometheus's OTLP receiver makes them by default ("UnderscoreEscapingWithSuffixes", OpenTelemetry
 * specification, "Prometheus and OpenMetrics compatibility"): signs that a name cannot have become one underscore, the
 * unit is appended in full words, a monotonic sum ends in `_total`, a gauge of unit 1 in `_ratio`. Values are not converted.
 */
import type { Attributes, OtlpMetric } from './model.ts';

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tebibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
};
const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

export function metricNameOf({ name, unit, kind, monotonic }: OtlpMetric): string {
  const parts = name.split(/[^a-zA-Z0-9:]+/).filter((part) => part !== '');
  const [main = '', ...rest] = unit.split('/').map((part) => part.replace(/\{[^}]*\}/g, '').trim());
  const per = rest.length === 0 ? '' : rest[0] === '' ? '' : (PER_UNITS[rest[0] as string] ?? word(rest[0] as string));
  const mainWord = own(UNITS, main) ?? word(main);
  if (mainWord !== '' && !parts.includes(mainWord)) parts.push(mainWord);
  if (per !== '' && !parts.includes(per)) parts.push('per', per);
  if (kind === 'sum' && monotonic) moveToEnd(parts, 'total');
  if (kind === 'gauge' && unit === '1') moveToEnd(parts, 'ratio');
  const joined = parts.join('_');
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

export function labelNameOf(key: string): string {
  const clean = key.replace(/[^a-zA-Z0-9_]/g, '_');
  if (/^\d/.test(clean)) return `key_${clean}`;
  // Names with two underscores in front are the system's.
  return clean.startsWith('_') && !clean.startsWith('__') ? `key${clean}` : clean.replace(/^__+/, 'key_');
}

/** Attributes as labels; what meets in one name is joined by semicolons in the order of the keys. */
export function labelsOf(attributes: Attributes, base: Readonly<Record<string, string>> = {}): Record<string, string> {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  const sorted = attributes.length > 1 ? [...attributes].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : attributes;
  for (const [key, value] of sorted) {
    const name = labelNameOf(key);
    if (name === '') continue;
    labels[name] = labels[name] === undefined ? value : `${labels[name]};${value}`;
  }
  return Object.assign(labels, base);
}

/** `job` and `instance`, from the attributes that identify a service. */
export function identityLabels(attributes: Attributes): Record<string, string> {
  const of = (key: string): string => attributes.find(([name]) => name === key)?.[1] ?? '';
  const [namespace, service, instance] = [of('service.namespace'), of('service.name'), of('service.instance.id')];
  return {
    ...(service === '' ? {} : { job: namespace === '' ? service : `${namespace}/${service}` }),
    ...(instance === '' ? {} : { instance }),
  };
}

const IDENTIFYING: ReadonlySet<string> = new Set(['service.namespace', 'service.name', 'service.instance.id']);

/** The other attributes of a resource: labels of `target_info`. */
export function targetAttributes(attributes: Attributes): Attributes {
  return attributes.filter(([key]) => !IDENTIFYING.has(key));
}

function word(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function moveToEnd(parts: string[], last: string): void {
  const without = parts.filter((part) => part !== last);
  parts.splice(0, parts.length, ...without, last);
}
