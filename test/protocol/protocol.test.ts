/**
 * Proof by others' code: what Grafana's Go SDK decodes of our frames, and what hashicorp/go-plugin's client gets when it
 * starts the locator as Grafana does. Needs Go; where there is none the tests say that they are skipped.
 */
import { Labels, type Table } from '@tapewatch/core';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeFrame } from '../../sidecar/src/grafana/frame.ts';
import { startWorld, TOKEN, TOKEN_HASH, type World } from './grafana-world.ts';

const run = promisify(execFile);
const LOCATOR = join(__dirname, '../../plugins/datasource/locator/locator.sh');
const hasGo = spawnSync('go', ['version']).status === 0;
const describeWithGo = hasGo ? describe : describe.skip;
if (!hasGo)
  console.warn("skipped: the protocol tests need Go on PATH, to run Grafana's own decoder and go-plugin's client");

interface FieldView {
  readonly name: string;
  readonly type: string;
  readonly labels: Record<string, string> | null;
  readonly config: Record<string, unknown> | null;
  readonly values: unknown[];
}

interface FrameView {
  readonly name: string;
  readonly refId: string;
  readonly meta: Record<string, unknown>;
  readonly fields: FieldView[];
}

interface Talk {
  readonly health: string;
  readonly message: string;
  readonly metrics: string;
  readonly ping: string;
  readonly data: Record<string, { frames: FrameView[]; error: string; status: number; errorSource: string }>;
  readonly resources: Record<string, string>;
  readonly subscribe: Record<string, string>;
  readonly packet: string;
}

describeWithGo("Grafana's own code", () => {
  let folder: string;
  let probe: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'protocol-'));
    probe = join(folder, 'probe');
    const env = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false' };
    await run('go', ['build', '-o', probe, '.'], { cwd: __dirname, env });
  }, 600_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function decoded(
    tables: Readonly<Record<string, Table>>,
    channel?: string,
  ): Promise<Record<string, FrameView>> {
    const frames = mkdtempSync(join(folder, 'frames-'));
    const context = channel === undefined ? { refId: 'A' } : { refId: 'A', channel };
    for (const [name, table] of Object.entries(tables))
      writeFileSync(join(frames, `${name}.arrow`), encodeFrame(table, context));
    const { stdout } = await run(probe, ['frames', frames], { maxBuffer: 64 * 1_048_576 });
    return JSON.parse(stdout) as Record<string, FrameView>;
  }

  it('decodes every field type with nulls, NaN, infinities and nanoseconds to the last digit', async () => {
    const times = [0n, 1_767_607_200_123_456_789n, 9_223_372_036_854_775_807n, -1n, null];
    const fields: Table['fields'] = [
      { name: 'time', type: 'time', values: times, intervalMs: 15_000 },
      {
        name: 'value',
        type: 'number',
        values: [1.5, NaN, Infinity, -Infinity, null],
        labels: Labels.from({ venue: 'XNAS', quote: '"a,b"' }),
        unit: 's',
        displayName: 'p99 €',
        description: 'text',
        decimals: 2,
      },
      { name: 'dense', type: 'number', values: Float64Array.from([0, -0, 5e-324, 1.7e308, 9_007_199_254_740_993]) },
      { name: 'text', type: 'string', values: ['', 'Zürich', null, '😀', 'x'] },
      { name: 'flag', type: 'boolean', values: [true, false, null, true, false] },
      { name: 'document', type: 'json', values: ['[]', '{"a":"ü"}', 'null', '1', '[{"key":"k","value":2}]'] },
    ];
    const notices = [{ severity: 'warning' as const, text: 'late' }];
    const table = {
      name: 'all',
      kind: 'timeseries-multi',
      version: [0, 1],
      fields,
      notices,
      executedQuery: 'q',
    } as const;
    const view = (await decoded({ all: table }, 'ds/uid/promql/x'))['all.arrow'];
    expect(view?.fields.map(({ name, type }) => [name, type])).toEqual([
      ['time', '[]*time.Time'],
      ['value', '[]*float64'],
      ['dense', '[]*float64'],
      ['text', '[]*string'],
      ['flag', '[]*bool'],
      ['document', '[]*json.RawMessage'],
    ]);
    expect(view?.fields.map(({ values }) => values)).toEqual([
      ['0', '1767607200123456789', '9223372036854775807', '-1', null],
      [1.5, 'NaN', '+Inf', '-Inf', null],
      [0, -0, 5e-324, 1.7e308, 9_007_199_254_740_992],
      ['', 'Zürich', null, '😀', 'x'],
      [true, false, null, true, false],
      [[], { a: 'ü' }, null, 1, [{ key: 'k', value: 2 }]],
    ]);
    const config = { unit: 's', displayNameFromDS: 'p99 €', description: 'text', decimals: 2 };
    expect(view?.fields[1]).toMatchObject({ labels: { venue: 'XNAS', quote: '"a,b"' }, config });
    expect(view?.fields[0]?.config).toMatchObject({ interval: 15_000 });
    expect(view).toMatchObject({ name: 'all', refId: 'A' });
    expect(view?.meta).toMatchObject({
      type: 'timeseries-multi',
      typeVersion: [0, 1],
      channel: 'ds/uid/promql/x',
      executedQueryString: 'q',
      notices: [{ severity: 'warning', text: 'late' }],
    });
  });

  it('decodes "no data": a kind without fields, and fields without rows', async () => {
    const none = {
      name: '',
      kind: 'numeric-multi',
      version: [0, 1],
      fields: [],
      notices: [],
      executedQuery: '',
    } as const;
    const empty: Table['fields'] = [
      { name: 'time', type: 'time', values: [] },
      { name: 'text', type: 'string', values: [] },
      { name: 'value', type: 'number', values: [] },
    ];
    const views = await decoded({ none, empty: { ...none, fields: empty } });
    expect(views['none.arrow']).toMatchObject({ fields: [], meta: { type: 'numeric-multi', typeVersion: [0, 1] } });
    expect(views['empty.arrow']?.fields.map(({ type, values }) => [type, values])).toEqual([
      ['[]*time.Time', []],
      ['[]*string', []],
      ['[]*float64', []],
    ]);
  });

  it('decodes a long column and many rows', async () => {
    const rows = 100_000;
    const values = Float64Array.from({ length: rows }, (_, i) => i / 7);
    const fields: Table['fields'] = [{ name: 'v', type: 'number', values }];
    const table = { name: '', kind: 'table', version: [0, 0], fields, notices: [], executedQuery: '' } as const;
    const view = (await decoded({ many: table }))['many.arrow'];
    expect(view?.fields[0]?.values).toHaveLength(rows);
    expect(view?.fields[0]?.values.at(-1)).toBe((rows - 1) / 7);
  });

  describe("go-plugin's client, started by the locator", () => {
    let world: World;
    let talk: Talk;

    beforeAll(async () => {
      world = await startWorld({}, { tokenHashes: [TOKEN_HASH] });
      talk = await talkTo(world, TOKEN);
    }, 60_000);

    afterAll(() => world.close());

    async function talkTo({ socket }: World, token: string): Promise<Talk> {
      const env = { ...process.env, GF_PLUGIN_SOCKET: socket };
      const { stdout } = await run(probe, ['client', LOCATOR, token], { env, maxBuffer: 64 * 1_048_576 });
      return JSON.parse(stdout) as Talk;
    }

    it('pings, checks health and collects metrics', () => {
      expect(talk).toMatchObject({ ping: 'ok', health: 'OK' });
      expect(talk.message).toBe(
        'Tapewatch 0.1.0 is reached, NATS at nats://localhost:4222 is connected and the store answers.',
      );
      expect(talk.metrics).toContain('\nup 1\n');
    });

    it('gets frames by refId, and an error for one without harm to the others', () => {
      expect(Object.keys(talk.data).sort()).toEqual(['A', 'B', 'C', 'D', 'E']);
      expect(talk.data['A']).toMatchObject({ status: 200, error: '' });
      expect(
        talk.data['A']?.frames.map(({ refId, fields }) => [refId, fields[1]?.labels, fields[1]?.values.length]),
      ).toEqual([
        ['A', { venue: 'BATS' }, 31],
        ['A', { venue: 'XNAS' }, 31],
      ]);
      expect(talk.data['B']?.frames).toMatchObject([{ fields: [], meta: { type: 'numeric-multi' } }]);
      expect(talk.data['C']).toMatchObject({ frames: [], status: 400, errorSource: 'downstream' });
      expect(talk.data['C']?.error).toContain('is not PromQL');
      expect(talk.data['D']?.frames[0]?.fields.find(({ name }) => name === 'slippage')?.values[0]).toBeCloseTo(
        17.982018,
        6,
      );
    });

    it('calls resources', () => {
      expect(talk.resources).toEqual({
        version: '200 {"version":"0.1.0"}',
        'label-values?name=venue': '200 {"values":["BATS","XNAS"],"truncated":false}',
        nowhere: expect.stringMatching(/^404 /) as unknown,
      });
    });

    it('continues history by live points, and denies publishing', () => {
      expect(talk.subscribe).toEqual({ known: 'OK', unknown: 'NOT_FOUND', publish: 'PERMISSION_DENIED' });
      const last = talk.data['E']?.frames[0]?.fields[0]?.values.at(-1);
      const packet = JSON.parse(talk.packet) as { data: { values: number[][] } };
      expect(packet.data.values[0]?.[0]).toBe(Number(last) / 1e6 + 1_000);
    });

    it('leaves the sidecar running when Grafana stops its plugin', async () => {
      expect((await talkTo(world, TOKEN)).health).toBe('OK');
    });

    it('is told that its token is wrong', async () => {
      const denied = await talkTo(world, 'wrong');
      expect(denied.health).toBe('ERROR');
      expect(denied.message).toContain('secureJsonData.token');
      expect(denied.data['A']).toMatchObject({ frames: [], status: 403, errorSource: 'downstream' });
      expect(denied.resources['version']).toMatch(/^403 /);
      expect(denied.subscribe['unknown']).toBe('PERMISSION_DENIED');
    });
  });
});
