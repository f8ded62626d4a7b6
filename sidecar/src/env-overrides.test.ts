import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { applyEnvironment, leavesOf } from './env-overrides.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const schema = z.strictObject({
  nats: z.strictObject({ servers: z.array(z.string()), password: z.string().optional() }),
  store: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('memory') }),
    z.strictObject({ kind: z.literal('duckdb'), memoryLimitMb: z.number().default(512) }),
  ]),
  http: z.strictObject({ enabled: z.boolean().default(true), tokens: z.array(z.strictObject({ role: z.string() })) }),
});
const leaves = leavesOf(z.toJSONSchema(schema, { io: 'input' }));

it('every leaf of the schema has a variable, those of union branches too', () => {
  expect(leaves.map(({ variable, type }) => `${variable} ${type}`).sort()).toEqual([
    'TAPEWATCH_HTTP_ENABLED boolean',
    'TAPEWATCH_HTTP_TOKENS json',
    'TAPEWATCH_NATS_PASSWORD text',
    'TAPEWATCH_NATS_SERVERS texts',
    'TAPEWATCH_STORE_KIND text',
    'TAPEWATCH_STORE_MEMORY_LIMIT_MB number',
  ]);
});

it('variables win over the document, which stays as it was', () => {
  const given = { nats: { servers: ['nats://a'] } };
  const { document, problems } = applyEnvironment(given, leaves, {
    TAPEWATCH_NATS_SERVERS: 'nats://b, nats://c',
    TAPEWATCH_STORE_KIND: 'duckdb',
    TAPEWATCH_STORE_MEMORY_LIMIT_MB: '256',
    TAPEWATCH_HTTP_TOKENS: '[{"role":"viewer"}]',
  });
  expect(problems).toEqual([]);
  expect(document).toEqual({
    nats: { servers: ['nats://b', 'nats://c'] },
    store: { kind: 'duckdb', memoryLimitMb: 256 },
    http: { tokens: [{ role: 'viewer' }] },
  });
  expect(given).toEqual({ nats: { servers: ['nats://a'] } });
});

it('a variable that ends in _FILE names a file that holds the value', () => {
  const file = join(temporaryFolder('env'), 'password');
  writeFileSync(file, 's3cret\n');
  const { document } = applyEnvironment({}, leaves, { TAPEWATCH_NATS_PASSWORD_FILE: file });
  expect(document).toEqual({ nats: { password: 's3cret' } });
});

it('names the variable of every value that cannot be read', () => {
  const { problems } = applyEnvironment({}, leaves, {
    TAPEWATCH_STORE_MEMORY_LIMIT_MB: 'much',
    TAPEWATCH_HTTP_ENABLED: 'yes',
    TAPEWATCH_NATS_PASSWORD_FILE: '/does/not/exist',
  });
  expect(problems.map(({ path }) => path).sort()).toEqual([
    'TAPEWATCH_HTTP_ENABLED',
    'TAPEWATCH_NATS_PASSWORD',
    'TAPEWATCH_STORE_MEMORY_LIMIT_MB',
  ]);
});
