/** What a series of line protocol is called here: `measurement_field` with the tags as labels, in names that PromQL can read. */
import type { SeriesIdentity } from './label-interner.ts';
import { unescapeName } from './line-scanner.ts';
import { Fault, shown } from './problem.ts';

/** Measurement and tags as written, and a field's key as written. */
export function identityOf(written: string, field: string): SeriesIdentity | Fault {
  const [measurement = '', ...parts] = splitUnescaped(written, ',');
  if (measurement === '') return new Fault('syntax', `line ${shown(written)}: the measurement is empty`);
  const labels: Record<string, string> = {};
  for (const part of parts) {
    const [key = '', value = '', ...rest] = splitUnescaped(part, '=');
    if (key === '' || value === '' || rest.length > 0) {
      return new Fault('syntax', `line ${shown(written)}: expected tag=value, got ${shown(part)}`);
    }
    labels[asLabelName(unescapeName(key))] = unescapeName(value);
  }
  const [name, last] = [unescapeName(measurement), unescapeName(field)];
  return { name: asMetricName(last === 'value' ? name : `${name}_${last}`), labels, kind: 'gauge' };
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

export function asMetricName(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_:]/g, '_');
  return /^\d/.test(clean) ? `_${clean}` : clean;
}

/** Two underscores in front are reserved, a digit in front is no name. */
export function asLabelName(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^_+/, '_');
  return /^\d/.test(clean) ? `_${clean}` : clean;
}
