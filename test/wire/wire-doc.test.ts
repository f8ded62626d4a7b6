/**
 * docs/wire.md is the contract, so it may not drift: its tables equal the schemas, its snippets equal the files that are
 * run, its examples decode with the codecs of the sidecar. TAPEWATCH_UPDATE=1 rewrites tables and snippets.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodingRegistry } from '../../sidecar/src/codec/testing/decode.ts';
import { LABELS_MAX, MESSAGE_MAX_BYTES, PROBLEMS_MAX } from '../../sidecar/src/codec/limit.ts';
import { PROBLEM_REASONS } from '../../sidecar/src/codec/problem.ts';
import { streamsOptions } from '../../sidecar/src/ingest/options.ts';
import { compileStream } from '../../sidecar/src/ingest/stream.ts';
import type { DecodeContext } from '../../sidecar/src/ports.ts';
import { referenceTables, withSnippets, withTables } from './reference.ts';

const root = join(__dirname, '..', '..');
const file = join(root, 'docs', 'wire.md');

if (process.env['TAPEWATCH_UPDATE'] === '1') {
  const readSnippet = (path: string): string =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
  writeFileSync(file, withSnippets(withTables(readFileSync(file, 'utf8')), readSnippet));
}
const page = readFileSync(file, 'utf8');

describe('docs/wire.md', () => {
  it('prints every schema and the derived metrics as the code has them', () => {
    for (const name of referenceTables().keys()) expect(page).toContain(`<!-- table:${name} -->`);
    expect(withTables(page)).toBe(page);
  });

  it('shows the snippets as they stand in docs/snippets', () => {
    expect(page.match(/<!-- file:\S+ -->/g)).toHaveLength(5);
    expect(withSnippets(page, (path) => readFileSync(join(root, path), 'utf8'))).toBe(page);
  });

  const examples = [...page.matchAll(/```(json|ndjson|influx) (\w+)\n([\s\S]*?)```/g)].map(
    ([, format = '', kind = '', text = '']) => ({ format, kind, text }),
  );

  it('has an example of every kind of payload and in every encoding', () => {
    expect(new Set(examples.map(({ kind }) => kind))).toEqual(
      new Set(['metric', 'order', 'fill', 'quote', 'health', 'event']),
    );
    expect(new Set(examples.map(({ format }) => format))).toEqual(new Set(['json', 'ndjson', 'influx']));
    // No block of these languages without a kind, which would go unchecked.
    expect(page).not.toMatch(/```(json|ndjson|influx)\n/);
  });

  it.each(examples)('decodes the $format example of a $kind without a problem: $text', ({ kind, text }) => {
    const codec = decodingRegistry().codecFor('', 'auto');
    const payloadKind = kind as DecodeContext['payloadKind'];
    const context = { payloadKind, labels: {}, receivedNanos: 1_790_000_000_000_000_000n };
    const { samples, events, problems } = codec.decode(Buffer.from(text), context);
    expect(problems).toEqual([]);
    expect(samples.length + events.length).toBeGreaterThan(0);
  });

  it('lists the streams that are read without configuration', () => {
    for (const stream of streamsOptions.parse(undefined)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${stream.subject}\` |`));
      expect(row).toContain(stream.delivery === 'core' ? 'core NATS' : 'JetStream, durable');
      expect(row).toContain('decoded');
      if (stream.jetstream !== undefined)
        expect(row).toContain(`\`${stream.jetstream.stream}\` (\`${compileStream(stream).filter}\`)`);
    }
  });

  it('lists the reasons and limits that the codecs have', () => {
    const section = page.slice(page.indexOf('## Bad messages'), page.indexOf('## Limits'));
    expect([...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)).toEqual([...PROBLEM_REASONS]);
    expect(section).toContain(`The first ${PROBLEMS_MAX} problems`);
    expect(MESSAGE_MAX_BYTES).toBe(2 ** 20);
    expect(page).toContain(`stream | ${LABELS_MAX} |`);
  });
});
