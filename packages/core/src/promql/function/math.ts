/** Functions of one number, applied to every float of a vector; histograms are left out, the metric name is dropped. */
import { larger, smaller } from '../extreme.ts';
import { mapFloats, type Value } from '../vector.ts';
import { scalarArgument, vectorArgument } from './arguments.ts';
import type { CallContext, FunctionArgument, FunctionDefinition } from './definition.ts';

type Transform = (value: number, ...scalars: number[]) => number | undefined;

interface MathFunction {
  readonly name: string;
  readonly doc: string;
  readonly transform: Transform;
  readonly scalars?: readonly FunctionArgument[];
}

const scalar = (name: string): FunctionArgument => ({ name, type: 'scalar' });

const FUNCTIONS: readonly MathFunction[] = [
  { name: 'abs', doc: 'Absolute value.', transform: Math.abs },
  { name: 'ceil', doc: 'Rounds up to the next integer.', transform: Math.ceil },
  { name: 'floor', doc: 'Rounds down to the next integer.', transform: Math.floor },
  { name: 'exp', doc: 'Exponential function e^v.', transform: Math.exp },
  { name: 'sqrt', doc: 'Square root.', transform: Math.sqrt },
  { name: 'ln', doc: 'Natural logarithm.', transform: Math.log },
  { name: 'log2', doc: 'Binary logarithm.', transform: Math.log2 },
  { name: 'log10', doc: 'Decimal logarithm.', transform: Math.log10 },
  { name: 'sgn', doc: 'Sign: -1, 0 or 1.', transform: Math.sign },
  { name: 'sin', doc: 'Sine.', transform: Math.sin },
  { name: 'cos', doc: 'Cosine.', transform: Math.cos },
  { name: 'tan', doc: 'Tangent.', transform: Math.tan },
  { name: 'asin', doc: 'Arcsine.', transform: Math.asin },
  { name: 'acos', doc: 'Arccosine.', transform: Math.acos },
  { name: 'atan', doc: 'Arctangent.', transform: Math.atan },
  { name: 'sinh', doc: 'Hyperbolic sine.', transform: Math.sinh },
  { name: 'cosh', doc: 'Hyperbolic cosine.', transform: Math.cosh },
  { name: 'tanh', doc: 'Hyperbolic tangent.', transform: Math.tanh },
  { name: 'asinh', doc: 'Inverse hyperbolic sine.', transform: Math.asinh },
  { name: 'acosh', doc: 'Inverse hyperbolic cosine.', transform: Math.acosh },
  { name: 'atanh', doc: 'Inverse hyperbolic tangent.', transform: Math.atanh },
  { name: 'deg', doc: 'Radians to degrees.', transform: (value) => (value * 180) / Math.PI },
  { name: 'rad', doc: 'Degrees to radians.', transform: (value) => (value * Math.PI) / 180 },
  {
    name: 'round',
    doc: 'Rounds to the nearest multiple of `to_nearest` (default 1), halves up.',
    scalars: [{ name: 'to_nearest', type: 'scalar', optional: true }],
    // Multiplying by the inverse keeps decimal steps such as 0.1 exact.
    transform: (value, toNearest = 1) => Math.floor(value * (1 / toNearest) + 0.5) / (1 / toNearest),
  },
  {
    name: 'clamp',
    doc: 'Limits values to the range from min to max; empty when min is above max.',
    scalars: [scalar('min'), scalar('max')],
    transform: (value, min = NaN, max = NaN) => (max < min ? undefined : larger(min, smaller(max, value))),
  },
  {
    name: 'clamp_min',
    doc: 'Raises values below min to min.',
    scalars: [scalar('min')],
    transform: (value, min = NaN) => larger(min, value),
  },
  {
    name: 'clamp_max',
    doc: 'Lowers values above max to max.',
    scalars: [scalar('max')],
    transform: (value, max = NaN) => smaller(max, value),
  },
];

export const mathFunctions: readonly FunctionDefinition[] = FUNCTIONS.map(({ name, doc, transform, scalars = [] }) => ({
  name,
  doc,
  args: [{ name: 'v', type: 'vector' }, ...scalars],
  returns: 'vector',
  evaluate: (context: CallContext): Value => apply(context, transform),
}));

function apply(context: CallContext, transform: Transform): Value {
  const given = context.call.args.length - 1;
  const scalars = Array.from({ length: given }, (_, i) => scalarArgument(context, i + 1));
  const columns = vectorArgument(context, 0);
  const [first, second] = scalars;
  const at: (value: number, step: number) => number | undefined =
    second !== undefined && first !== undefined
      ? (value, step) => transform(value, first[step] as number, second[step] as number)
      : first !== undefined
        ? (value, step) => transform(value, first[step] as number)
        : (value) => transform(value);
  return { type: 'vector', columns: mapFloats(columns, context.call, at) };
}
