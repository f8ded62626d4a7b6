/**
 * What an administrator asks of a running sidecar: a backup. It may take longer than any connection should wait, so it is
 * started by one request and asked after by others; one runs at a time.
 */
import { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import type { RouteContext } from './route-kit.ts';

const TAGS = ['Administration'];

const backupState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('none') }),
  z.object({ state: z.literal('running'), target: z.string() }),
  z.object({
    state: z.literal('done'),
    target: z.string(),
    files: z.number(),
    bytes: z.number(),
    rows: z.number().describe('of its database file; the backup was read back and verified'),
  }),
  z.object({ state: z.literal('failed'), target: z.string(), error: z.string() }),
]);

type BackupState = z.infer<typeof backupState>;

export function adminRoutes({ app, deps }: RouteContext): void {
  const { backUp } = deps;
  if (backUp === undefined) return;
  let latest: BackupState = { state: 'none' };

  app.post(
    '/api/v1/admin/backup',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Starts a backup of the store into a folder on the sidecar’s machine',
        tags: TAGS,
        body: z.strictObject({ target: z.string().min(1).max(4_096).describe('an absolute path; empty or not there') }),
        response: { 202: backupState },
      },
    },
    async ({ body }, reply) => {
      const { target } = body as { target: string };
      if (latest.state === 'running') {
        throw new TapewatchError('store.target', `a backup into ${latest.target} is running; wait for its end`);
      }
      latest = { state: 'running', target };
      backUp(target)
        .then(({ files, bytes, rows }) => {
          latest = { state: 'done', target, files, bytes, rows };
        })
        .catch((error: unknown) => {
          latest = { state: 'failed', target, error: error instanceof Error ? error.message : String(error) };
        });
      return reply.code(202).send(latest);
    },
  );

  app.get(
    '/api/v1/admin/backup',
    {
      config: { role: 'admin' },
      schema: { summary: 'How the latest backup went', tags: TAGS, response: { 200: backupState } },
    },
    async (_request, reply) => reply.send(latest),
  );
}
