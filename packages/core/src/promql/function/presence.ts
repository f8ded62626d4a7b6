/** Between scalars and vectors, and the absence of series: `scalar`, `vector`, `absent`, `absent_over_time`. */
import { Labels } from '../../model/labels.ts';
import { larger, smaller } from '../extreme.ts';
import { newColumn, put, scalarValue, timeAt, type Value } from '../vector.ts';
import { eachWindow } from '../window.ts';
import { argumentAt, labelsOfSelector, scalarArgument, vectorArgument } from './arguments.ts';
import type { CallContext, FunctionDefinition } from './definition.ts';

export const presenceFunctions: readonly FunctionDefinition[] = [
  {
    name: 'scalar',
    doc: 'The value of a vector with exactly one float, else NaN.',
    args: [{ name: 'v', type: 'vector' }],
    returns: 'scalar',
    evaluate: scalar,
  },
  {
    name: 'vector',
    doc: 'A scalar as a vector without labels.',
    args: [{ name: 's', type: 'scalar' }],
    returns: 'vector',
    evaluate(context) {
      const values = scalarArgument(context, 0);
      const present = new Uint8Array(values.length).fill(1);
      return { type: 'vector', columns: [{ labels: Labels.empty, values, present }] };
    },
  },
  {
    name: 'absent',
    doc: '1 when the vector is empty, labelled by what the selector pins down.',
    args: [{ name: 'v', type: 'vector' }],
    returns: 'vector',
    evaluate(context) {
      const columns = vectorArgument(context, 0);
      return missing(context, (step) => columns.some(({ present }) => present[step] === 1));
    },
  },
  {
    name: 'absent_over_time',
    doc: '1 when no series has a sample in the range, labelled by what the selector pins down.',
    args: [{ name: 'v', type: 'matrix' }],
    returns: 'vector',
    reads: 'windows',
    evaluate: absentOverTime,
  },
  {
    name: 'min_of',
    doc: 'The smaller of two scalars.',
    args: [
      { name: 'a', type: 'scalar' },
      { name: 'b', type: 'scalar' },
    ],
    returns: 'scalar',
    evaluate: (context) => combine(context, smaller),
  },
  {
    name: 'max_of',
    doc: 'The larger of two scalars.',
    args: [
      { name: 'a', type: 'scalar' },
      { name: 'b', type: 'scalar' },
    ],
    returns: 'scalar',
    evaluate: (context) => combine(context, larger),
  },
];

function scalar(context: CallContext): Value {
  const columns = vectorArgument(context, 0);
  return scalarValue(context.grid.steps, (step) => {
    let found = NaN;
    let count = 0;
    for (const column of columns) {
      if (column.present[step] === 0 || column.histograms?.[step] !== undefined) continue;
      found = column.values[step] as number;
      if (++count > 1) return NaN;
    }
    return found;
  });
}

function combine(context: CallContext, operation: (a: number, b: number) => number): Value {
  const [a, b] = [scalarArgument(context, 0), scalarArgument(context, 1)];
  return scalarValue(context.grid.steps, (step) => operation(a[step] as number, b[step] as number));
}

function absentOverTime(context: CallContext): Value {
  const { grid } = context;
  const ranges = context.ranges(argumentAt(context, 0));
  const seen = new Uint8Array(grid.steps);
  const evalMs = (step: number): number => timeAt(grid, step);
  for (const series of ranges.series) {
    eachWindow(series, { ranges, evalMs, steps: grid.steps }, (_, step) => (seen[step] = 1));
  }
  return missing(context, (step) => seen[step] === 1);
}

function missing(context: CallContext, isThere: (step: number) => boolean): Value {
  const column = newColumn(labelsOfSelector(argumentAt(context, 0)), context.grid.steps);
  for (let step = 0; step < context.grid.steps; step++) if (!isThere(step)) put(column, step, 1);
  return { type: 'vector', columns: column.present.includes(1) ? [column] : [] };
}
