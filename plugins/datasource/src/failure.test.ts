import type { DataFrame, DataQueryResponse } from '@grafana/data';
import { FAILURE as OF_BOARDS } from '../../../dashboards/src/field.ts';
import { FAILURE, withFailure } from './failure.ts';

const failed: DataQueryResponse = { data: [], errors: [{ refId: 'A', message: 'the sidecar does not answer' }] };
const frame: DataFrame = { length: 0, fields: [] };

it.each(['table', 'stat'])('tells of a failure in the rows of a %s, and still fails', (panel) => {
  const told = withFailure(failed, panel);
  expect(told.errors).toEqual(failed.errors);
  const [field] = (told.data[0] as DataFrame).fields;
  expect({ name: field?.name, values: field?.values }).toEqual({
    name: FAILURE,
    values: ['the sidecar does not answer'],
  });
});

it('tells of the only error of a response, too', () => {
  const told = withFailure({ data: [], error: { message: 'Bad gateway' } }, 'table');
  expect((told.data[0] as DataFrame).fields[0]?.values).toEqual(['Bad gateway']);
});

it.each<[string, DataQueryResponse, string | undefined]>([
  ['an answer', { data: [frame] }, 'table'],
  ['an answer without rows', { data: [] }, 'table'],
  ['a failure beside an answer', { ...failed, data: [frame] }, 'table'],
  ['a chart', failed, 'timeseries'],
  ['a query outside a dashboard', failed, undefined],
])('leaves %s as it is', (_, response, panel) => {
  expect(withFailure(response, panel)).toBe(response);
});

it('names the column as the boards do, which choose their columns', () => {
  expect(FAILURE).toBe(OF_BOARDS);
});
