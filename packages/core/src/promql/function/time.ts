/** Time: of the evaluation, of the query, of a sample, and the calendar (UTC) of a Unix time in seconds. */
import { Labels } from '../../model/labels.ts';
import { joinEqual, mapFloats, newColumn, put, scalarValue, timeAt, type Column, type Value } from '../vector.ts';
import { argumentAt, vectorArgument } from './arguments.ts';
import type { CallContext, FunctionDefinition } from './definition.ts';

const MS_PER_DAY = 86_400_000;

export const timeFunctions: readonly FunctionDefinition[] = [
  scalarOf('time', 'Unix time of the evaluation, in seconds.', ({ grid }, step) => timeAt(grid, step) / 1000),
  scalarOf('pi', 'The number pi.', () => Math.PI),
  scalarOf('start', 'Unix time at which the query starts, in seconds.', ({ query }) => query.startMs / 1000),
  scalarOf('end', 'Unix time at which the query ends, in seconds.', ({ query }) => query.endMs / 1000),
  scalarOf('step', 'Step of the query in seconds, 0 for an instant query.', ({ query }) => query.stepMs / 1000),
  scalarOf('range', 'Length of the query in seconds.', ({ query }) => (query.endMs - query.startMs) / 1000),
  {
    name: 'timestamp',
    doc: 'Unix time, in seconds, of each sample.',
    args: [{ name: 'v', type: 'vector' }],
    returns: 'vector',
    evaluate: timestamps,
  },
  {
    name: 'start_timestamp',
    doc: 'Unix time, in seconds, at which each sample of a selector began to count; 0 where it is unknown.',
    args: [{ name: 'v', type: 'vector' }],
    returns: 'vector',
    evaluate: (context) => context.sampleTimes(argumentAt(context, 0), 'starts') ?? { type: 'vector', columns: [] },
  },
  calendar('minute', 'Minute of the hour, UTC.', (date) => date.getUTCMinutes()),
  calendar('hour', 'Hour of the day, UTC.', (date) => date.getUTCHours()),
  calendar('day_of_week', 'Day of the week, UTC; 0 is Sunday.', (date) => date.getUTCDay()),
  calendar('day_of_month', 'Day of the month, UTC.', (date) => date.getUTCDate()),
  calendar('day_of_year', 'Day of the year, UTC; 1 is the first of January.', (date) => {
    const newYear = Date.UTC(date.getUTCFullYear(), 0, 1);
    return Math.floor((date.getTime() - newYear) / MS_PER_DAY) + 1;
  }),
  calendar('days_in_month', 'Days of the month, UTC.', (date) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  ),
  calendar('month', 'Month of the year, UTC; 1 is January.', (date) => date.getUTCMonth() + 1),
  calendar('year', 'Year, UTC.', (date) => date.getUTCFullYear()),
];

function scalarOf(name: string, doc: string, at: (context: CallContext, step: number) => number): FunctionDefinition {
  return {
    name,
    doc,
    args: [],
    returns: 'scalar',
    evaluate: (context) => scalarValue(context.grid.steps, (step) => at(context, step)),
  };
}

function timestamps(context: CallContext): Value {
  const direct = context.sampleTimes(argumentAt(context, 0), 'stamps');
  if (direct !== undefined) return direct;
  const columns = vectorArgument(context, 0).map((column): Column => {
    const result = newColumn(column.labels.withoutMetricName(), context.grid.steps);
    for (let step = 0; step < context.grid.steps; step++) {
      if (column.present[step] === 1) put(result, step, timeAt(context.grid, step) / 1000);
    }
    return result;
  });
  return { type: 'vector', columns: joinEqual(columns, context.call) };
}

/** Without an argument: of the evaluation time. Dates are made from numbers, no clock is read. */
function calendar(name: string, doc: string, part: (date: Date) => number): FunctionDefinition {
  // Fractions of a second are cut off towards 1970, as in Go.
  const partOf = (seconds: number): number => part(new Date(Math.trunc(seconds) * 1000));
  return {
    name,
    doc,
    args: [{ name: 'v', type: 'vector', optional: true }],
    returns: 'vector',
    evaluate(context) {
      if (context.call.args.length > 0) {
        return { type: 'vector', columns: mapFloats(vectorArgument(context, 0), context.call, partOf) };
      }
      const column = newColumn(Labels.empty, context.grid.steps);
      for (let step = 0; step < context.grid.steps; step++)
        put(column, step, partOf(timeAt(context.grid, step) / 1000));
      return { type: 'vector', columns: [column] };
    },
  };
}
