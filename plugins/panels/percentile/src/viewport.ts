/** Where the plot lies on the canvas, what its axes span, and the two functions from data to pixels. */
import { positionOn, type Distribution } from '@tapewatch/panel-kit';

/** The plot's area on the canvas and what its axes span. `pixelRatio` is canvas pixels per CSS pixel. */
export interface Viewport {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly xMin: number;
  readonly xMax: number;
  readonly yMin: number;
  readonly yMax: number;
  readonly distribution: Distribution;
  readonly pixelRatio: number;
}

export function horizontal({ xMin, xMax, left, width }: Viewport): (time: number) => number {
  return positionOn({ min: xMin, max: xMax, start: left, end: left + width, distribution: { kind: 'linear' } });
}

export function vertical({ yMin, yMax, top, height, distribution }: Viewport): (value: number) => number {
  return positionOn({ min: yMin, max: yMax, start: top + height, end: top, distribution });
}
