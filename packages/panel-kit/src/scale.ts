/**
 * Value to pixel, for an axis of a plot: linear, logarithmic, or the inverse hyperbolic sine that shows both signs
 * ("symlog": linear below the threshold, logarithmic above). The formulas are those of uPlot, so that what a panel draws
 * itself lies exactly on the axes that uPlot draws. The base of a logarithm moves ticks, not positions.
 */

export type Distribution =
  | { readonly kind: 'linear' }
  | { readonly kind: 'log' }
  | { readonly kind: 'symlog'; readonly linearThreshold: number };

export interface AxisSpan {
  readonly min: number;
  readonly max: number;
  /** Pixel of `min` and of `max`; an upright axis has `start` below `end` on the screen, so the greater number. */
  readonly start: number;
  readonly end: number;
  readonly distribution: Distribution;
}

/** Linear in the value's transform; a value outside a logarithm's domain lies at minus infinity's side: at `start`. */
export function positionOn(axis: AxisSpan): (value: number) => number {
  const transform = transformOf(axis.distribution);
  const from = transform(axis.min);
  const scale = (axis.end - axis.start) / (transform(axis.max) - from);
  return (value) => {
    const transformed = transform(value);
    return transformed === -Infinity ? axis.start : axis.start + (transformed - from) * scale;
  };
}

function transformOf(distribution: Distribution): (value: number) => number {
  switch (distribution.kind) {
    case 'linear':
      return (value) => value;
    case 'log':
      return (value) => (value > 0 ? Math.log2(value) : -Infinity);
    case 'symlog':
      return (value) => Math.asinh(value / distribution.linearThreshold);
  }
}
