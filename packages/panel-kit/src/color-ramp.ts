/**
 * A ramp of colours for a heat map, from the panel's background to a theme colour. Steps are even in OKLab (Ottosson,
 * "A perceptual color space for image processing", 2020), so equal steps look equal on a dark and on a light theme.
 * Colours go in and out as `#rrggbb`, which is what a theme's palette holds once its names are resolved.
 */

type Triple = readonly [number, number, number];

/** `steps` colours; the first is one step away from `from`, the last is `to`. */
export function colorRamp(from: string, to: string, steps: number): string[] {
  const [a, b] = [toOklab(from), toOklab(to)];
  return Array.from({ length: steps }, (_, i) => {
    const t = (i + 1) / steps;
    return fromOklab([mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)]);
  });
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

function toOklab(color: string): Triple {
  const [r, g, b] = channels(color).map((c) =>
    c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  ) as unknown as Triple;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([lightness, a, b]: Triple): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${linear.map(hexChannel).join('')}`;
}

function hexChannel(linear: number): string {
  const bounded = Math.min(1, Math.max(0, linear));
  const encoded = bounded <= 0.0031308 ? bounded * 12.92 : 1.055 * bounded ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255)
    .toString(16)
    .padStart(2, '0');
}

/** Accepts `#rgb`, `#rrggbb` (a further alpha is ignored) and `rgb(r, g, b)`; anything else is a programmer's error. */
function channels(color: string): Triple {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6,8})$/i.exec(color)?.[1];
  if (hex !== undefined) {
    const long = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
    return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16) / 255) as unknown as Triple;
  }
  const rgb = /^rgba?\((\d+)[, ]+(\d+)[, ]+(\d+)/.exec(color);
  if (rgb === null) throw new RangeError(`colour ${color} is neither #rrggbb nor rgb(r, g, b)`);
  return [rgb[1], rgb[2], rgb[3]].map((channel) => Number(channel) / 255) as unknown as Triple;
}
