/** Text parameters of requests to numbers, with the messages that Prometheus's users know. All throw `query.invalid`. */
import { parseDurationMs, MAX_NANOS, NANOS_PER_MS } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';

/** The latest time that the store's 64-bit nanoseconds can hold, milliseconds. */
export const MAX_TIME_MS = Number(MAX_NANOS / NANOS_PER_MS) - 1;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
export const MAX_POINTS = 11_000;

/** Unix seconds (decimals allowed) or RFC 3339, to milliseconds. */
export function parseTimeMs(name: string, text: string): number {
  const seconds = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  const ms = Number.isFinite(seconds) ? Math.round(seconds * 1000) : RFC3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(ms) && Math.abs(ms) <= MAX_TIME_MS) return ms;
  throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp; use Unix seconds or RFC 3339`);
}

/** Seconds or a Prometheus duration, to milliseconds; positive and at least one millisecond. */
export function parseStepMs(text: string): number {
  const ms = parseDuration('step', text);
  if (ms > 0) return ms;
  throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
}

export function parseDuration(name: string, text: string): number {
  const seconds = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  const ms = Number.isFinite(seconds) ? Math.round(seconds * 1000) : parseDurationMs(text);
  if (ms !== undefined && Math.abs(ms) <= MAX_TIME_MS) return ms;
  throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid duration; use seconds or such as 15s`);
}

/** 0: no limit. */
export function parseLimit(name: string, text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(name, `${JSON.stringify(text)} is not a count; use a whole number, 0 for all`);
}

export function parseRange({ start, end, step }: { start: string; end: string; step: string }) {
  const startMs = parseTimeMs('start', start);
  const endMs = parseTimeMs('end', end);
  if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
  const stepMs = parseStepMs(step);
  if ((endMs - startMs) / stepMs > MAX_POINTS) {
    throw new TapewatchError(
      'query.invalid',
      `exceeded maximum resolution of ${MAX_POINTS.toLocaleString('en')} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    );
  }
  return { startMs, endMs, stepMs };
}

export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** `a,b` to a list; empty parts are dropped. */
export function commaList(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((part) => part !== '');
}

function invalid(name: string, message: string): TapewatchError {
  return new TapewatchError('query.invalid', `invalid parameter "${name}": ${message}`);
}
