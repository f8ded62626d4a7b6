/** What the engine is asked for, by whom, and what happens when it refuses; with the engine itself see `session.test.ts`. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EngineThreads } from './engine-threads.ts';

class Engine {
  readonly asked: string[] = [];
  refuses = false;

  readonly connection = {
    run: (sql: string) => {
      this.asked.push(sql.replace('SET GLOBAL threads = ', ''));
      return this.refuses ? Promise.reject(new Error('no')) : Promise.resolve();
    },
  } as unknown as DuckDBConnection;
}

it('asks only for what changes', async () => {
  const { asked, connection } = new Engine();
  const threads = new EngineThreads(4);
  await threads.share(connection, () => Promise.resolve());
  expect(asked).toEqual([]);
  await threads.sendAway(connection);
  await threads.sendAway(connection);
  await Promise.all([1, 2, 3].map(() => threads.share(connection, () => threads.sendAway(connection))));
  expect(asked).toEqual(['1', '4']);
});

it('asks for nothing where there is one thread', async () => {
  const { asked, connection } = new Engine();
  const threads = new EngineThreads(1);
  await threads.sendAway(connection);
  await threads.share(connection, () => Promise.resolve());
  expect(asked).toEqual([]);
});

it('tells of a refusal, and the next one who asks tries again', async () => {
  const engine = new Engine();
  const threads = new EngineThreads(2);
  engine.refuses = true;
  await expect(threads.sendAway(engine.connection)).rejects.toThrow('no');
  await expect(threads.share(engine.connection, () => Promise.resolve(7))).rejects.toThrow('no');
  engine.refuses = false;
  expect(await threads.share(engine.connection, () => Promise.resolve(7))).toBe(7);
  await threads.sendAway(engine.connection);
  expect(engine.asked).toEqual(['1', '2', '2', '1']);
});
