/** Parameters of Jaeger's API to numbers. All throw `query.invalid`. */
import { MAX_NANOS, NANOS_PER_MS } from '@tapewatch/core';
import { z } from 'zod';
import { TapewatchError } from '../errors.ts';

const NANOS_PER_MICRO = 1_000n;
/** A number below this cannot be meant as microseconds (it would be a day of 1973), so it is milliseconds. */
const LEAST_MICROSECONDS = 100_000_000_000_000n;

/** Unix microseconds; `fallback` where there are none. */
export function microsToNanos(name: string, text: string | undefined, fallback: bigint): bigint {
  return text === undefined || text === '' ? fallback : bounded(name, whole(name, text) * NANOS_PER_MICRO);
}

/** Unix microseconds as Jaeger's documentation has it, or milliseconds as Grafana sends beside the id of a trace. */
export function looseToNanos(name: string, text: string | undefined, fallback: bigint): bigint {
  if (text === undefined || text === '') return fallback;
  const stamp = whole(name, text);
  return bounded(name, stamp * (stamp < LEAST_MICROSECONDS ? NANOS_PER_MS : NANOS_PER_MICRO));
}

export function millisToNanos(name: string, text: string | undefined, fallback: bigint): bigint {
  return text === undefined || text === '' ? fallback : bounded(name, whole(name, text) * NANOS_PER_MS);
}

function whole(name: string, text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw invalid(name, `${JSON.stringify(text)} is not a whole number`);
}

function bounded(name: string, nanos: bigint): bigint {
  if (nanos < MAX_NANOS) return nanos;
  throw invalid(name, 'is later than the year 2262, the last one that nanoseconds can count to');
}

const UNIT_NANOS = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, μs: 1e3, ns: 1 } as const;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const DURATION = new RegExp(`^(${PART.source})+$`);

/** Such as `1.5s` or `1m30s`, as Go reads durations; `fallback` where there is none. */
export function goDurationNanos(name: string, text: string | undefined, fallback: bigint): bigint {
  if (text === undefined || text === '') return fallback;
  if (text === '0') return 0n;
  if (!DURATION.test(text))
    throw invalid(name, `${JSON.stringify(text)} is no duration; write such as 1.2s, 100ms, 500us`);
  const parts = [...text.matchAll(PART)].map(
    ([, number, unit]) => Number(number) * UNIT_NANOS[unit as keyof typeof UNIT_NANOS],
  );
  const nanos = parts.reduce((sum, part) => sum + part, 0);
  return bounded(name, BigInt(Math.min(Math.round(nanos), Number(MAX_NANOS))));
}

const tagMap = z.record(z.string(), z.string());
/** Each span that a search looks at is held against all of them. */
const MAX_TAGS = 100;

/** Of `tag=key:value` and `tags={"key":"value"}`; of one key the last one counts. */
export function parseTags(pairs: readonly string[], documents: readonly string[]): Record<string, string> {
  const simple = pairs.map((pair): [string, string] => {
    const colon = pair.indexOf(':');
    if (colon > 0) return [pair.slice(0, colon), pair.slice(colon + 1)];
    throw invalid('tag', `${JSON.stringify(pair)} is not key:value`);
  });
  const tags = Object.assign(Object.fromEntries(simple), ...documents.map(tagsOf)) as Record<string, string>;
  const count = Object.keys(tags).length;
  if (count > MAX_TAGS) throw invalid('tags', `${count} tags; ask for at most ${MAX_TAGS} at once`);
  return tags;
}

function tagsOf(text: string): Record<string, string> {
  const result = tagMap.safeParse(json(text));
  if (result.success) return result.data;
  throw invalid('tags', 'is no JSON object of texts; write such as {"http.status_code":"500"}');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema, with the remedy
  }
}

function invalid(name: string, message: string): TapewatchError {
  return new TapewatchError('query.invalid', `invalid parameter "${name}": ${message}`);
}
