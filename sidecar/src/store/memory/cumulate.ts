/** The running merge of windows as objects: the plain counterpart of `slices.ts`, which does it from columns. */
import type { ExponentialHistogram, SelectRequest, SeriesData } from '@tapewatch/core';

/** A point holds the base and every window up to it; of the points within a step only the last one is made. */
export function cumulated(
  base: ExponentialHistogram | undefined,
  windows: readonly { readonly endMs: number; readonly histogram: ExponentialHistogram }[],
  { endMs, resolutionMs }: SelectRequest,
): Required<Pick<SeriesData, 'timesMs' | 'values' | 'histograms'>> {
  const stepOf = (timeMs: number): number => (resolutionMs <= 1 ? timeMs : Math.ceil((timeMs - endMs) / resolutionMs));
  const points: { timeMs: number; histogram: ExponentialHistogram }[] = [];
  let running = base;
  windows.forEach((window, i) => {
    running = running === undefined ? window.histogram.clone() : running.clone().merge(window.histogram);
    const next = windows[i + 1];
    if (next === undefined || stepOf(next.endMs) !== stepOf(window.endMs)) {
      points.push({ timeMs: window.endMs, histogram: running });
    }
  });
  return {
    timesMs: points.map(({ timeMs }) => timeMs),
    values: points.map(() => NaN),
    histograms: points.map(({ histogram }) => histogram),
  };
}
