/**
 * Volatility or fault, on real feeds: how much of a delay of 2 s is found, and how many alarms the recording raises by itself,
 * with the load taken into account and without (then the latency's own robust z is judged, by the same rule). Two views:
 * `windows`: the share of the fault's windows whose log latency (or what the load leaves of it) is beyond the level that 0.5 %
 * of the quiet windows exceed, so that both ways have the same false alarms; `episodes`: alarms of 2 in 3 windows at a fixed threshold, faults found and natural ones.
 */
import { LoadModel, quantileType7, type LoadPoint, type LoadWindow } from '@tapewatch/core';
import { Random } from '../../sidecar/src/simulate/model/random.ts';
import { windowsOf, type Recording } from './recording.ts';

export interface VolatilityRow {
  readonly recording: string;
  readonly quantile: string;
  readonly threshold: number;
  readonly minutes: number;
  readonly naturalRaw: number;
  readonly naturalConditioned: number;
  readonly episodes: Readonly<Record<string, Found>>;
  readonly windows: Readonly<Record<string, Found>>;
}

export interface Found {
  readonly raw: number;
  readonly conditioned: number;
}

export const DELAYS_MS = [4, 8, 16] as const;
const FAULT_WINDOWS = 8;
const TRIALS = 25;
const FALSE_WINDOWS = 0.005;

export function volatilityRow(recording: Recording, quantile: number, threshold: number): VolatilityRow {
  const windows = windowsOf(recording, quantile, () => 0);
  const quiet = run(windows, threshold, recording.windowMs);
  const found = DELAYS_MS.map(
    (delayMs) => [`+${delayMs} ms`, detect(recording, { quantile, threshold, delayMs }, { windows, quiet })] as const,
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
    episodes: Object.fromEntries(found.map(([name, { byEpisode }]) => [name, byEpisode])),
    windows: Object.fromEntries(found.map(([name, { byWindow }]) => [name, byWindow])),
  };
}

interface Trial {
  readonly quantile: number;
  readonly threshold: number;
  readonly delayMs: number;
}

interface Quiet {
  readonly windows: readonly LoadWindow[];
  readonly quiet: readonly LoadPoint[];
}

/** Faults at random places after the warm-up, one to a run. */
function detect(
  recording: Recording,
  { quantile, threshold, delayMs }: Trial,
  { windows, quiet }: Quiet,
): { byEpisode: Found; byWindow: Found } {
  const random = new Random(`volatility-${recording.name}-${quantile}-${delayMs}`);
  const first = quiet.findIndex(({ verdict }) => verdict !== 'warming_up');
  const limits = { raw: limitOf(quiet, level), conditioned: limitOf(quiet, residual) };
  const [byEpisode, byWindow] = [
    { raw: 0, conditioned: 0 },
    { raw: 0, conditioned: 0 },
  ];
  for (let trial = 0; trial < TRIALS; trial++) {
    const at = first + random.integer(quiet.length - first - FAULT_WINDOWS);
    const slow = windowsOf(recording, quantile, () => random.lognormal(delayMs, 0.5), [at, at + FAULT_WINDOWS]);
    const faulty = [...windows.slice(0, at), ...slow, ...windows.slice(at + FAULT_WINDOWS)];
    const points = run(faulty.slice(0, at + FAULT_WINDOWS), threshold, recording.windowMs);
    const within = points.slice(at);
    const rawAlarms = alarms(
      points.map(({ rawZ }) => rawZ),
      threshold,
    ).slice(at);
    byEpisode.raw += Number(rawAlarms.some(Boolean));
    byEpisode.conditioned += Number(within.some(({ verdict }) => verdict === 'fault'));
    const share = (of: (point: LoadPoint) => number | null, limit: number): number =>
      within.filter((point) => (of(point) ?? -Infinity) > limit).length;
    byWindow.raw += share(level, limits.raw);
    byWindow.conditioned += share(residual, limits.conditioned);
  }
  return { byEpisode: over(byEpisode, TRIALS), byWindow: over(byWindow, TRIALS * FAULT_WINDOWS) };
}

function over({ raw, conditioned }: Found, count: number): Found {
  return { raw: raw / count, conditioned: conditioned / count };
}

function level({ observedMs, expectedMs }: LoadPoint): number | null {
  return observedMs === null || expectedMs === null ? null : Math.log1p(observedMs);
}

function residual(point: LoadPoint): number | null {
  const y = level(point);
  return y === null || point.expectedMs === null ? null : y - Math.log1p(point.expectedMs);
}

function limitOf(points: readonly LoadPoint[], of: (point: LoadPoint) => number | null): number {
  const sorted = points
    .map(of)
    .filter((z) => z !== null)
    .sort((a, b) => a - b);
  return quantileType7(sorted, 1 - FALSE_WINDOWS);
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
