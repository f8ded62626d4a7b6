/** The sandbox with its settings, or a runner that says why there is none. */
import { TapewatchError } from '../../errors.ts';
import type { EventExporter } from '../../ports.ts';
import { Sandbox, sandboxPath } from './sandbox.ts';
import type { SqlOptions } from './sql-options.ts';
import { createSqlRunner, type SqlRunner } from './sql-query.ts';

export function openSql(store: EventExporter, options: SqlOptions, path = sandboxPath()): SqlRunner {
  if (!options.enabled) return unavailable('SQL is switched off; set query.sql.enabled to true');
  if (path === undefined) return unavailable('sql-sandbox.cjs is not built; npm run build makes it');
  const { processes, memoryMb } = options;
  return createSqlRunner({ store, options, sandbox: new Sandbox({ path, processes, memoryMb }) });
}

function unavailable(reason: string): SqlRunner {
  return {
    run: () => Promise.reject(new TapewatchError('sql.unavailable', reason)),
    close: () => Promise.resolve(),
  };
}
