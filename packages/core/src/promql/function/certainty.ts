/**
 * Ours: what a percentile is worth. The error bound of the buckets, the confidence interval of a quantile, whether there
 * are observations enough for it, and the bounds of a share. Native histograms only; the number of observations behind a
 * rate is the rate times its range (observation.ts).
 */
import {
  fractionBounds,
  MIN_OBSERVATIONS_BEYOND,
  observationsBeyond,
  quantileInterval,
} from '../../histogram/certainty.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { PromqlError } from '../error.ts';
import { formatFloat } from '../literal.ts';
import { observationsPerCount } from '../observation.ts';
import { quantileOutOfRange } from '../order-statistic.ts';
import type { Value } from '../vector.ts';
import { argumentAt, scalarArgument, vectorArgument } from './arguments.ts';
import type { CallContext, FunctionArgument, FunctionDefinition } from './definition.ts';
import { finish, measureNative } from './native.ts';

const DEFAULT_CONFIDENCE = 0.95;

const vectorArg: FunctionArgument = { name: 'v', type: 'vector' };
const scalar = (name: string): FunctionArgument => ({ name, type: 'scalar' });
const confidenceArg: FunctionArgument = { name: 'confidence', type: 'scalar', optional: true };

export const certaintyFunctions: readonly FunctionDefinition[] = [
  {
    name: 'histogram_error_bound',
    doc: 'Largest relative error of any quantile of the native histogram: 2^(2^-schema) - 1, 0.0054 at schema 7.',
    args: [vectorArg],
    returns: 'vector',
    ours: true,
    evaluate: (context) => overNative(context, 0, ({ relativeErrorBound }: ExponentialHistogram) => relativeErrorBound),
  },
  intervalEnd('lower', 'Lower'),
  intervalEnd('upper', 'Upper'),
  {
    name: 'histogram_quantile_reliable',
    doc: `1 where at least ${MIN_OBSERVATIONS_BEYOND} observations lie beyond the q-quantile of the native histogram, else 0.`,
    args: [scalar('q'), vectorArg],
    returns: 'vector',
    ours: true,
    evaluate(context) {
      const q = quantileArgument(context);
      const perCount = observationsOf(context, 1);
      return overNative(context, 1, ({ count }, step) =>
        Number(observationsBeyond(q[step] as number, count * perCount) >= MIN_OBSERVATIONS_BEYOND),
      );
    },
  },
  shareBound('min', 'Smallest', 'lower'),
  shareBound('max', 'Largest', 'upper'),
];

function intervalEnd(end: 'lower' | 'upper', word: string): FunctionDefinition {
  return {
    name: `histogram_quantile_${end}`,
    doc: `${word} end of the confidence interval (default ${DEFAULT_CONFIDENCE}) of the q-quantile, sample and bucket error included; infinite when the observations are too few to tell.`,
    args: [scalar('q'), vectorArg, confidenceArg],
    returns: 'vector',
    ours: true,
    evaluate(context) {
      const q = quantileArgument(context);
      const confidences = context.call.args.length > 2 ? scalarArgument(context, 2) : undefined;
      const perCount = observationsOf(context, 1);
      return overNative(context, 1, (histogram, step) => {
        const confidence = confidences === undefined ? DEFAULT_CONFIDENCE : (confidences[step] as number);
        refuseBadConfidence(context, confidence);
        const observations = histogram.count * perCount;
        return quantileInterval(q[step] as number, histogram, { confidence, observations })[end];
      });
    },
  };
}

function shareBound(name: 'min' | 'max', word: string, end: 'lower' | 'upper'): FunctionDefinition {
  return {
    name: `histogram_fraction_${name}`,
    doc: `${word} possible share of observations in (lower, upper], without interpolation; the share is exact where min equals max.`,
    args: [scalar('lower'), scalar('upper'), vectorArg],
    returns: 'vector',
    ours: true,
    evaluate(context) {
      const [lower, upper] = [scalarArgument(context, 0), scalarArgument(context, 1)];
      return overNative(
        context,
        2,
        (histogram, step) => fractionBounds(lower[step] as number, upper[step] as number, histogram)[end],
      );
    },
  };
}

function overNative(
  context: CallContext,
  vectorAt: number,
  measure: (histogram: ExponentialHistogram, step: number) => number,
): Value {
  const columns = vectorArgument(context, vectorAt).map((column) => measureNative(column, measure));
  return finish(context, columns);
}

function quantileArgument(context: CallContext): Float64Array {
  const q = scalarArgument(context, 0);
  for (const value of new Set(q)) {
    const message = quantileOutOfRange(value);
    if (message !== undefined) context.annotations.warn(message, argumentAt(context, 0));
  }
  return q;
}

function refuseBadConfidence(context: CallContext, confidence: number): void {
  if (confidence > 0 && confidence < 1) return;
  const message = `confidence must lie between 0 and 1, got ${formatFloat(confidence)}; 0.95 is usual`;
  throw new PromqlError('execution', message, argumentAt(context, 2));
}

function observationsOf(context: CallContext, vectorAt: number): number {
  const expr = argumentAt(context, vectorAt);
  const perCount = observationsPerCount(expr, context.query);
  if (perCount !== undefined) return perCount;
  const message = `${context.call.name} cannot tell how many observations stand behind its histograms; give it rate or increase of a histogram, or a sum of them`;
  throw new PromqlError('execution', message, expr);
}
