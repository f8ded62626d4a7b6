/** Where SQL waits: for its own processes, and in nobody else's way. */
import { sqlQuery } from '@tapewatch/contract';
import type { QueryEnvelope } from '../../ports.ts';
import { createQueryService, type QueryServiceDeps } from '../query-service.ts';
import { QuerySlots } from '../query-slots.ts';
import { rowReader } from '../row-reader.fixture.ts';
import type { Sandbox } from './sandbox.ts';
import { sqlOptions } from './sql-options.ts';
import { createSqlRunner } from './sql-query.ts';

const ENVELOPE: QueryEnvelope = {
  ...{ startMs: 0, endMs: 60_000, intervalMs: 1_000, maxDataPoints: 100 },
  fromAlert: false,
};

it('takes no place that other queries could use', async () => {
  const deps = {
    reader: rowReader([]).reader,
    line: new QuerySlots({ maxConcurrent: 1, maxWaiting: 1 }),
    sql: { run: () => new Promise(() => undefined) },
  } as unknown as QueryServiceDeps;
  const service = createQueryService(deps);
  void service.run({ queryType: 'sql', rawSql: 'SELECT 1' }, ENVELOPE);
  expect(await service.run({ queryType: 'events', table: 'fills' }, ENVELOPE)).toHaveLength(1);
});

it('copies rows for as many statements at once as there are processes, and refuses a line without end', async () => {
  let [running, most] = [0, 0];
  const runner = createSqlRunner({
    options: sqlOptions.parse({ processes: 2 }),
    sandbox: {
      parse: () => Promise.resolve({ error: false, statements: [{}] }),
      run: () => Promise.resolve({ columns: [], isCut: false }),
      close: () => Promise.resolve(),
    } as unknown as Sandbox,
    store: {
      async exportEvents() {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return { folder: '/nonexistent/tapewatch', rows: 0, files: [] };
      },
    },
  });
  const query = sqlQuery.parse({ queryType: 'sql', rawSql: 'SELECT 1' });
  const outcomes = await Promise.allSettled(Array.from({ length: 103 }, () => runner.run(query, ENVELOPE)));
  expect(most).toBe(2);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(102);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'query.limit', message: expect.stringContaining('raise query.sql.processes') as unknown },
  });
  await runner.close();
});
