/** Paints a scene on a canvas. Knows colours and strokes, nothing of histograms. */
import type { Polyline, Scene } from './scene.ts';
import type { Viewport } from './viewport.ts';

export interface Palette {
  /** Colour of each level of the heat map, level 1 first. */
  readonly ramp: readonly string[];
  /** Colour of each percentile. */
  readonly lines: readonly string[];
  /** Background of the plot: inside of a hollow dot. */
  readonly background: string;
  readonly bandOpacity: number;
  readonly lineWidth: number;
}

type Context = CanvasRenderingContext2D;

/** Dashes in CSS pixels: a percentile that rests on too few samples. */
const UNSUPPORTED_DASH = [2, 4];
const DOT_RADIUS = 2.5;

export function drawCells(context: Context, scene: Scene, { palette, viewport }: DrawInput): void {
  inside(context, viewport, () => {
    const { rects, levels } = scene.cells;
    // Rectangles of one colour together: changing the fill is what costs.
    for (let level = 1; level <= palette.ramp.length; level++) {
      context.fillStyle = palette.ramp[level - 1] as string;
      for (let i = 0; i < levels.length; i++) {
        if (levels[i] !== level) continue;
        const at = i * 4;
        context.fillRect(
          rects[at] as number,
          rects[at + 1] as number,
          rects[at + 2] as number,
          rects[at + 3] as number,
        );
      }
    }
  });
}

export interface DrawInput {
  readonly palette: Palette;
  readonly viewport: Viewport;
}

export function drawPercentiles(context: Context, scene: Scene, { palette, viewport }: DrawInput): void {
  const ratio = viewport.pixelRatio;
  inside(context, viewport, () => {
    context.globalAlpha = palette.bandOpacity;
    for (const band of scene.bands) {
      context.fillStyle = palette.lines[band.line] as string;
      trace(context, band.outline);
      context.fill();
    }
    context.globalAlpha = 1;
    context.lineJoin = 'round';
    context.lineWidth = palette.lineWidth * ratio;
    for (const line of scene.lines) {
      context.strokeStyle = palette.lines[line.line] as string;
      context.setLineDash(line.supported ? [] : UNSUPPORTED_DASH.map((length) => length * ratio));
      trace(context, line.points);
      context.stroke();
    }
    context.setLineDash([]);
    for (const dot of scene.dots) {
      context.beginPath();
      context.arc(dot.x, dot.y, DOT_RADIUS * ratio, 0, 2 * Math.PI);
      context.strokeStyle = palette.lines[dot.line] as string;
      context.fillStyle = dot.supported ? context.strokeStyle : palette.background;
      context.fill();
      context.stroke();
    }
  });
}

function trace(context: Context, points: Polyline): void {
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) context.lineTo(points[i] as number, points[i + 1] as number);
}

function inside(context: Context, { left, top, width, height }: Viewport, paint: () => void): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  paint();
  context.restore();
}
