/**
 * The step of a range query: at least what Grafana proposes (`intervalMs`) and what the query asks for (`minStep`),
 * widened to a round width when it would yield far more points than the panel can draw or a series may have. Ends lie on
 * multiples of the step, so that two refreshes of a panel evaluate the same stamps.
 */
import { formatDurationMs, parseDurationMs, type EvaluationRange, type Notice } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope } from '../ports.ts';

/** Grafana rounds `intervalMs` down by up to a third, so a bit more than `maxDataPoints` is what it expects. */
const TOLERATED_EXCESS = 1.5;
const DAY_MS = 86_400_000;
const ROUND_WIDTHS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 20, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 20, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * 3_600_000),
];

export interface Step {
  readonly range: EvaluationRange;
  readonly notices: readonly Notice[];
}

/** `maxSteps` bounds the number of evaluations whatever the panel asks for. */
export function resolveStep(envelope: QueryEnvelope, minStepMs: number, maxSteps: number): Step {
  const wanted = Math.max(1, Math.round(envelope.intervalMs), minStepMs);
  const span = Math.max(0, envelope.endMs - envelope.startMs);
  let stepMs = wanted;
  const drawable = Math.max(1, envelope.maxDataPoints) * TOLERATED_EXCESS;
  if (span / stepMs > drawable) stepMs = Math.max(stepMs, roundUp(span / envelope.maxDataPoints));
  const notices: Notice[] = [];
  if (span / stepMs > maxSteps) {
    stepMs = roundUp(span / maxSteps);
    const text = `step raised from ${formatDurationMs(wanted)} to ${formatDurationMs(stepMs)}: at most ${maxSteps} steps are evaluated; shorten the time range for a finer one`;
    notices.push({ severity: 'info', text });
  }
  const floor = (timeMs: number): number => Math.floor(timeMs / stepMs) * stepMs;
  return { range: { startMs: floor(envelope.startMs), endMs: floor(envelope.endMs), stepMs }, notices };
}

/** The smallest round width that is not below `ms`; whole days past one day. */
export function roundUp(ms: number): number {
  return ROUND_WIDTHS_MS.find((width) => width >= ms) ?? Math.ceil(ms / DAY_MS) * DAY_MS;
}

/** Milliseconds of a step setting; 0 when it is empty. */
export function parseStep(text: string, path: string): number {
  if (text.trim() === '') return 0;
  const ms = parseDurationMs(text.trim());
  if (ms !== undefined && ms > 0) return ms;
  throw new TapewatchError('query.invalid', `${path}: "${text}" is not a duration; write one such as 500ms, 15s or 1m`);
}
