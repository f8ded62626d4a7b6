/**
 * Volatility or fault, on real feeds: how often a delay of 2 s is found, and how many alarms the recording raises by itself,
 * with the load taken into account and without. A detection is a verdict of `fault` (without conditioning: of the latency's own z,
 * by the same rule of 2 in 3 windows) within the fault's windows.
 */
import { LoadModel, type LoadPoint, type LoadWindow } from '@tapewatch/core';
import { Random } from '../../sidecar/src/simulate/model/random.ts';
import { windowsOf, type Recording } from './recording.ts';

export interface VolatilityRow {
  readonly recording: string;
  readonly quantile: string;
  readonly threshold: number;
  readonly minutes: number;
  readonly naturalRaw: number;
  readonly naturalConditioned: number;
  readonly detection: Readonly<Record<string, { readonly raw: number; readonly conditioned: number }>>;
}

export const DELAYS_MS = [4, 8, 16] as const;
const FAULT_WINDOWS = 8;
const TRIALS = 40;

export function volatilityRow(recording: Recording, quantile: number, threshold: number): VolatilityRow {
  const quiet = run(
    windowsOf(recording, quantile, () => 0),
    threshold,
    recording.windowMs,
  );
  const detection = Object.fromEntries(
    DELAYS_MS.map((delayMs) => [`+${delayMs} ms`, detect(recording, { quantile, threshold, delayMs }, quiet)]),
  );
  const known = quiet.filter(({ verdict }) => verdict !== 'warming_up').length;
  return {
    recording: recording.name,
    quantile: `p${quantile * 100}`,
    threshold,
    minutes: Math.round((known * recording.windowMs) / 6_000) / 10,
    naturalRaw: episodes(
      alarms(
        quiet.map(({ rawZ }) => rawZ),
        threshold,
      ),
    ),
    naturalConditioned: episodes(quiet.map(({ verdict }) => verdict === 'fault')),
    detection,
  };
}

interface Trial {
  readonly quantile: number;
  readonly threshold: number;
  readonly delayMs: number;
}

/** Faults at random places after the warm-up, one to a run, where the recording is not alarmed by itself. */
function detect(
  recording: Recording,
  { quantile, threshold, delayMs }: Trial,
  quiet: readonly LoadPoint[],
): { raw: number; conditioned: number } {
  const random = new Random(`volatility-${recording.name}-${quantile}-${delayMs}`);
  const first = quiet.findIndex(({ verdict }) => verdict !== 'warming_up');
  let [raw, conditioned] = [0, 0];
  for (let trial = 0; trial < TRIALS; trial++) {
    const at = first + random.integer(quiet.length - first - FAULT_WINDOWS);
    const within = (window: number): boolean => window >= at && window < at + FAULT_WINDOWS;
    const extra = Array.from({ length: FAULT_WINDOWS }, () => random.lognormal(delayMs, 0.3));
    const windows = windowsOf(recording, quantile, (window) => (within(window) ? (extra[window - at] ?? 0) : 0));
    const points = run(windows, threshold, recording.windowMs);
    const rawAlarms = alarms(
      points.map(({ rawZ }) => rawZ),
      threshold,
    );
    raw += Number(rawAlarms.some((alarm, window) => alarm && within(window)));
    conditioned += Number(points.some(({ verdict }, window) => verdict === 'fault' && within(window)));
  }
  return { raw: raw / TRIALS, conditioned: conditioned / TRIALS };
}

function run(windows: readonly LoadWindow[], threshold: number, windowMs: number): LoadPoint[] {
  const model = new LoadModel({ threshold, windowMs });
  return windows.map((window) => model.next(window));
}

/** 2 of the last 3 beyond the threshold. */
function alarms(values: readonly (number | null)[], threshold: number): boolean[] {
  const beyond = values.map((value) => value !== null && value > threshold);
  return beyond.map((_, i) => beyond.slice(Math.max(0, i - 2), i + 1).filter(Boolean).length >= 2);
}

/** Alarms less than 2 s apart are one. */
function episodes(flags: readonly boolean[]): number {
  let count = 0;
  let last = -Infinity;
  for (const [i, flag] of flags.entries()) {
    if (!flag) continue;
    if (i - last > FAULT_WINDOWS) count++;
    last = i;
  }
  return count;
}
