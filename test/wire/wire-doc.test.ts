/**
 * docs/wire.md is the contract, so it may not drift: its tables equal the schemas, its snippets equal the files that are
 * run, its examples decode with the codecs of the sidecar. TAPEWATCH_UPDATE=1 rewrites tables and snippets.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODEC_SETTINGS, PAYLOAD_KINDS } from '@tapewatch/contract';
import { parse } from 'yaml';
import { createCodecRegistry } from '../../sidecar/src/codec/registry.ts';
import { decodingRegistry } from '../../sidecar/src/codec/testing/decode.ts';
import { LABELS_MAX, MESSAGE_MAX_BYTES, PROBLEMS_MAX } from '../../sidecar/src/codec/limit.ts';
import { PROBLEM_REASONS } from '../../sidecar/src/codec/problem.ts';
import { streamsOptions } from '../../sidecar/src/ingest/options.ts';
import { compileStream } from '../../sidecar/src/ingest/stream.ts';
import { kindByName } from '../../sidecar/src/pipeline/kind-pattern.ts';
import { INTERN_REFUSALS } from '../../sidecar/src/pipeline/series-registry.ts';
import { TIME_REFUSALS } from '../../sidecar/src/pipeline/stream-state.ts';
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
    expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(PAYLOAD_KINDS));
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

  it('tells which codec reads which Content-Type, as the registry has it', () => {
    const names: Readonly<Record<string, string>> = {
      JSON: 'json',
      'line protocol': 'line',
      MessagePack: 'msgpack',
      Arrow: 'arrow',
      OTLP: 'otlp',
      'remote write 1.0': 'remote-write-1',
      'remote write 2.0': 'remote-write-2',
      'by the first bytes': 'auto',
      none: 'none',
    };
    const table = page.slice(page.indexOf('| `Content-Type` | codec |'), page.indexOf('**Kinds by name.**'));
    const registry = createCodecRegistry();
    const listed = [...table.matchAll(/^\| (`.*`|absent, .*|any other) \| (.*) \|$/gm)].slice(1);
    for (const [, types = '', codec = ''] of listed) {
      const said = codec.replace(/[[\]]|\(#.*?\)/g, '');
      const known = Object.keys(names).find((name) => said.startsWith(name)) ?? '';
      const asked = [...types.matchAll(/`([^`]+)`/g)].map(([, type = '']) => type);
      for (const type of types === 'any other' ? ['image/png'] : asked) {
        expect([type, registry.codecFor(type, 'auto').name]).toEqual([type, names[known]]);
      }
    }
    expect(listed).toHaveLength(11);
    for (const setting of CODEC_SETTINGS) expect(page).toContain(`\`${setting}\``);
  });

  it('shows settings of a stream that load, and what its kinds make of a line', () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const { streams } = parse(yaml) as { streams: unknown };
    const [stream] = streamsOptions.parse(streams);
    if (stream === undefined) throw new Error('no stream in the example');
    const kindOf = kindByName(stream.kinds);
    const line = /With it `([^`]+)`/.exec(page)?.[1] ?? '';
    const { samples } = decodingRegistry()
      .codecFor('', stream.codec)
      .decode(Buffer.from(line), { payloadKind: 'metric', labels: {}, receivedNanos: 1_790_000_000_000_000_000n });
    expect(samples.map(({ labels }) => [labels.metricName, kindOf(labels.metricName)])).toEqual([
      ['requests_ack_seconds', 'observation'],
      ['requests_orders_total', 'counter'],
    ]);
    expect(kindOf('queue_depth')).toBeUndefined();
    expect(compileStream(stream).labelsOf({ subject: 'telegraf.trade-1.x' })).toEqual({ host: 'trade-1' });
  });

  it('lists the reasons and limits that the codecs and the pipeline have', () => {
    const section = page.slice(page.indexOf('## Bad messages'), page.indexOf('## Limits'));
    expect([...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)).toEqual([
      ...PROBLEM_REASONS,
      ...TIME_REFUSALS,
      ...INTERN_REFUSALS,
      'queue_full',
    ]);
    expect(section).toContain(`The first ${PROBLEMS_MAX} problems`);
    expect(MESSAGE_MAX_BYTES).toBe(2 ** 20);
    expect(page).toContain(`stream | ${LABELS_MAX} |`);
  });
});
