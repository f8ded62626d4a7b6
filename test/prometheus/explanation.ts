/**
 * Why two right engines may differ, as named rules. Each is shown by calculation or follows from a documented change of
 * Prometheus; whatever none of them explains fails the test.
 */
import { type EvaluationRange, type ExponentialHistogram, type Expr, parse, type SeriesData } from '@tapewatch/core';
import { type Answer, differenceOf, SUBNORMAL, TOLERANCE } from './answer.ts';
import { answerOf } from './engine.ts';
import { random } from './market-data.ts';
import { partsOf } from './parts.ts';

/** The smallest part of an expression that differs; its own parts agree. */
export interface Difference {
  readonly expr: string;
  readonly range: EvaluationRange;
  readonly data: readonly SeriesData[];
  readonly expected: Answer | undefined;
  readonly got: Answer | undefined;
  /** Major version of the Prometheus that was asked. */
  readonly major: number;
}

export interface Rule {
  readonly name: string;
  readonly reason: string;
  explains(difference: Difference): boolean;
}

/** Relative size of the disturbance: a few dozen times the rounding of one operation. */
const DISTURBANCE = 1e-14;
/** A difference may be so much larger than what the disturbance does. */
const AMPLE = 100;

export const RULES: readonly Rule[] = [
  {
    name: 'atan2 keeps the name',
    reason: 'Prometheus 2 kept the metric name after atan2; 3 drops it, as after every other arithmetic',
    explains: ({ expr, major, expected, got }) =>
      major < 3 && /\batan2\b/.test(expr) && differenceOf(withoutNames(expected), withoutNames(got)) === undefined,
  },
  {
    name: 'spread of one NaN',
    reason: 'Prometheus 2 gave 0 for the standard deviation of a single NaN or infinity; 3 gives NaN',
    explains: ({ expr, major, expected, got }) =>
      major < 3 &&
      /^std(?:dev|var)\b/.test(expr) &&
      everyDifference(expected, got, (a, b) => a === 0 && Number.isNaN(b)),
  },
  {
    name: 'comparison that drops one of two matches',
    reason: 'Prometheus 2 did not count a match whose comparison fails; 3 refuses the ambiguous match either way',
    explains: ({ expr, major, expected, got }) =>
      major < 3 && /[<>=!]/.test(expr) && expected !== undefined && got === undefined,
  },
  {
    name: 'predict_linear of a pinned window',
    reason: 'Prometheus 2 loses the samples of a window under @ from step to step inside predict_linear',
    explains: ({ expr, major }) => major < 3 && /predict_linear\([^()]*@/.test(expr),
  },
  {
    name: 'timestamp of a pinned and shifted selector',
    reason:
      'Prometheus forgets the offset when timestamp() reads under @: it looks at the pinned time among samples fetched for the shifted one',
    explains: ({ expr }) => isTimestampOfShifted(parse(expr)),
  },
  {
    name: 'calendar of no number',
    reason: 'Go turns NaN and infinities into an integer that the processor picks, and reads it as a date; ours is NaN',
    explains: ({ expr, expected, got }) =>
      /^(?:hour|minute|month|year|day_of_\w+|days_in_month)\(/.test(expr) &&
      everyDifference(expected, got, (_, b) => Number.isNaN(b)),
  },
  {
    name: 'cancellation',
    reason: 'a sum or difference is small beside its parts, which agree to one part in 1e9 but not to the last digit',
    explains: isCancellation,
  },
  {
    name: 'spread of large numbers',
    reason:
      'a deviation of values that lie close together beside their size keeps few digits, and those depend on the order of the series, which in Prometheus is that of a hash table',
    explains: isSpreadOfLarge,
  },
  {
    name: 'underflow',
    reason: 'a part lies below 1e-300, where doubles lose their digits one by one and no two libraries round alike',
    explains: ({ expr, range, data }) =>
      valuesOf(expr, range, data).some((value) => value !== 0 && Math.abs(value) < SUBNORMAL),
  },
  {
    name: 'ill-conditioned',
    reason:
      'the answer moves as much, or changes its shape, when every input moves by a few units in the last place: the operation cancels all digits that the inputs have, or decides by them (floor, ==, %)',
    explains: isIllConditioned,
  },
];

function isTimestampOfShifted(expr: Expr): boolean {
  if (expr.kind === 'paren') return isTimestampOfShifted(expr.expr);
  if (expr.kind !== 'call' || expr.name !== 'timestamp') return false;
  let [arg] = expr.args;
  while (arg?.kind === 'paren') arg = arg.expr;
  return arg?.kind === 'selector' && arg.at !== undefined && arg.offset !== undefined;
}

function isIllConditioned({ expr, range, data, expected, got }: Difference): boolean {
  return [1, 2, 3].some((seed) => {
    const moved = answerOf(expr, range, disturbed(data, seed));
    if (moved === undefined || got === undefined || expected === undefined) return false;
    if (differenceOf(got, moved, 1e-9) === undefined) return false;
    return sameShape(expected, got) ? isWithin(expected, got, moved) : true;
  });
}

/** Values of the parts of an expression, by our engine. */
function valuesOf(expr: string, range: EvaluationRange, data: readonly SeriesData[]): number[] {
  const answers = partsOf(expr, range).map((part) => answerOf(part.expr, part.range, data));
  return answers.flatMap((answer) => [...(answer?.values() ?? [])].flatMap((points) => [...points.values()]));
}

function isCancellation({ expr, range, data, expected, got }: Difference): boolean {
  const parts = partsOf(expr, range);
  if (parts.length !== 2 || !/ [-+] /.test(expr)) return false;
  const largest = Math.max(0, ...valuesOf(expr, range, data).map(Math.abs).filter(Number.isFinite));
  return everyDifference(expected, got, (a, b) => Math.abs(a - b) <= TOLERANCE * largest);
}

/** Rounding of the squares: as many units in the last place as there are series, of the largest value squared. */
function isSpreadOfLarge({ expr, range, data, expected, got }: Difference): boolean {
  const kind = /^std(dev|var)\b/.exec(expr)?.[1];
  if (kind === undefined) return false;
  const [answer] = partsOf(expr, range).map((part) => answerOf(part.expr, part.range, data));
  const sizes = valuesOf(expr, range, data).map(Math.abs).filter(Number.isFinite);
  const rounding = Number.EPSILON * Math.max(0, ...sizes) ** 2 * (answer?.size ?? 0);
  const power = kind === 'dev' ? 2 : 1;
  return everyDifference(expected, got, (a, b) => Math.abs(a ** power - b ** power) <= rounding);
}

function withoutNames(answer: Answer | undefined): Answer | undefined {
  if (answer === undefined) return undefined;
  return new Map(
    [...answer].map(([key, points]) => [key.replace(/\["__name__","[^"]*"\],?/, '').replace(',]', ']'), points]),
  );
}

/** Whether the series are the same and each pair of values that differs passes the test. */
function everyDifference(
  expected: Answer | undefined,
  got: Answer | undefined,
  passes: (expected: number, got: number) => boolean,
): boolean {
  if (expected === undefined || got === undefined || !sameShape(expected, got)) return false;
  return [...expected].every(([key, points]) =>
    [...points].every(([time, value]) => {
      const own = got.get(key)?.get(time) ?? NaN;
      return Math.abs(value - own) <= 1e-9 * Math.abs(value) || Object.is(value, own) || passes(value, own);
    }),
  );
}

function disturbed(data: readonly SeriesData[], seed: number): SeriesData[] {
  const next = random(seed);
  return data.map((series) => ({
    ...series,
    values: Array.from(series.values, (value) => value * (1 + (next() - 0.5) * DISTURBANCE * 2)),
    ...(series.histograms === undefined
      ? {}
      : { histograms: series.histograms.map((histogram) => disturbedHistogram(histogram, next)) }),
  }));
}

function disturbedHistogram(
  histogram: ExponentialHistogram | undefined,
  next: () => number,
): ExponentialHistogram | undefined {
  // Each count and the sum by itself: a factor of them all would change no quantile and no deviation.
  return histogram?.map((count) => count * (1 + (next() - 0.5) * DISTURBANCE * 2));
}

function sameShape(a: Answer, b: Answer): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([key, points]) => b.get(key)?.size === points.size);
}

/** Whether expected and got lie no further apart than the disturbance moves got, with ample room. */
function isWithin(expected: Answer, got: Answer, moved: Answer): boolean {
  for (const [key, points] of expected) {
    for (const [time, value] of points) {
      const [own, other] = [got.get(key)?.get(time), moved.get(key)?.get(time)];
      if (own === undefined || other === undefined) continue;
      const close = Math.abs(value - own) <= 1e-9 * Math.max(Math.abs(value), Math.abs(own));
      if (close || Object.is(value, own)) continue;
      if (!(Math.abs(value - own) <= AMPLE * Math.abs(other - own))) return false;
    }
  }
  return true;
}
