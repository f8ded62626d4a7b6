/**
 * Rows 11 to 17 and 21 of the fault list: input as broken publishers send it. One sidecar takes all of it; between the
 * poison travel entries of a ledger, and the judge must find each of them once. Each refusal has a counter with a reason.
 */
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import fc from 'fast-check';
import { until } from '../../tools/demo/process.ts';
import { seededRandom } from '../../bench/samples.ts';
import { usageOf } from '../../bench/process-usage.ts';
import { panelFrames } from '../acceptance/panel.ts';
import { connectAsGrafana } from '../protocol/grafana-client.ts';
import type { Metrics } from './answers.ts';
import { CLEAN, faultsOf, GAUGE, judgeInTime, Ledger, OBSERVATION, type Entry } from './ledger.ts';
import { CORE_SUBJECT, DURABLE_SUBJECT, encode, jsonHeaders, LEDGER_STREAMS, Publisher } from './publisher.ts';
import { ensureSidecar, World } from './world.ts';

jest.setTimeout(180_000);
const ROW_16_LIMIT_MS = 600_000;

const MEBIBYTE = 1_048_576;
/** Cases of random bytes; `npm run test:long -- faults` runs a hundred thousand. */
const FUZZ_CASES = Number(process.env['TAPEWATCH_FUZZ_CASES'] ?? '10000');
/** Fires when an entry was counted twice: 11 entries of its own series are published. */
const DUPLICATE_RULE = {
  groups: [
    {
      name: 'fault',
      interval: '1s',
      rules: [{ alert: 'CountedTwice', expr: `sum(histogram_count(${OBSERVATION}{series=~"twice.*"})) > 200` }],
    },
  ],
};

let world: World;
let nats: NatsConnection;

beforeAll(async () => {
  ensureSidecar();
  world = await World.prepare({
    // Larger than any message that we accept, so that the sidecar and not the broker has to refuse it.
    natsConfig: 'max_payload: 33554432\nmax_pending: 134217728\n',
    config: { streams: streams() },
  });
  world.write('rules.yaml', JSON.stringify(DUPLICATE_RULE));
  await world.startNats();
  world.settings['alerting'] = { ruleFiles: [world.path('rules.yaml')] };
  await world.startSidecar();
  nats = await connect({ servers: world.natsUrl });
});

afterAll(async () => {
  await nats?.close();
  await world?.close();
});

/** The broker forgets message ids at once, so that a repeat reaches the sidecar. */
function streams(): unknown[] {
  const [core, durable] = LEDGER_STREAMS;
  const ensureStream = { ...durable.jetstream.ensureStream, duplicateWindow: '100ms' };
  return [core, { ...durable, jetstream: { ...durable.jetstream, ensureStream } }];
}

async function publish(items: readonly unknown[] | string | Uint8Array): Promise<void> {
  const payload = typeof items === 'string' || items instanceof Uint8Array ? items : JSON.stringify(items);
  nats.publish(CORE_SUBJECT, payload, { headers: jsonHeaders() });
  await nats.flush();
}

/** What was dropped since `before`, by reason, once it has reached `expected` items in all. */
async function droppedSince(before: Metrics, expected: number): Promise<Readonly<Record<string, number>>> {
  const ask = async (): Promise<Record<string, number> | undefined> => {
    const now = (await world.answers.metrics()).by('tapewatch_dropped_items_total', 'reason');
    const then = before.by('tapewatch_dropped_items_total', 'reason');
    const more = Object.fromEntries(
      Object.entries(now)
        .map(([reason, count]) => [reason, count - (then[reason] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
    return Object.values(more).reduce((sum, count) => sum + count, 0) >= expected ? more : undefined;
  };
  return until(ask, { what: `${expected} items are dropped with a reason`, timeoutMs: 30_000 });
}

async function scalarIs(expr: string, expected: number): Promise<void> {
  let last = NaN;
  const ask = async (): Promise<true | undefined> => {
    last = await world.answers.scalar(expr);
    return last === expected || undefined;
  };
  await until(ask, { what: expr, timeoutMs: 30_000 }).catch(() => undefined);
  expect({ [expr]: last }).toEqual({ [expr]: expected });
}

function entriesOf(ledger: Ledger, series: string, stamps: readonly number[]): Entry[] {
  return stamps.map((timeMs, i) => {
    const entry = { series, sequence: i + 1, value: (i * 7) % 101, timeMs };
    ledger.published(entry);
    ledger.acknowledged(entry);
    return entry;
  });
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

it('row 11: a batch that is delivered two or three times, in any order, counts once', async () => {
  const ledger = new Ledger();
  const stamps = (i: number): number[] => Array.from({ length: 10 }, (_, k) => Date.now() - 5_000 + 20 * i + k);
  const batches = Array.from({ length: 20 }, (_, i) => ({
    id: `batch-${i}`,
    entries: entriesOf(ledger, `twice${i}`, stamps(i)),
  }));
  const before = await world.answers.metrics();
  // Each batch at least twice, each third one thrice, in three rounds that the broker's own memory does not span.
  const rounds = [batches, batches, batches.filter((_, i) => i % 3 === 0)];
  for (const [seed, round] of rounds.entries()) {
    for (const { id, entries } of shuffled(round, seed)) {
      const identified = jsonHeaders();
      identified.set('Nats-Msg-Id', id);
      nats.publish(DURABLE_SUBJECT, encode(entries), { headers: identified });
    }
    await nats.flush();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const verdict = await judgeInTime(ledger, world.answers, { timeoutMs: 20_000 });
  expect(faultsOf(verdict)).toEqual(CLEAN);
  expect(verdict.found).toBe(200);
  const duplicates =
    (await world.answers.metrics()).sum('tapewatch_duplicate_items_total') -
    before.sum('tapewatch_duplicate_items_total');
  expect(duplicates).toBeGreaterThanOrEqual(27);
  expect(await world.answers.scalar('count(ALERTS{alertname="CountedTwice"})')).toBe(0);
});

it('row 12: entries shuffled over almost an hour are stored and counted once', async () => {
  const ledger = new Ledger();
  const now = Date.now();
  const stamps = Array.from({ length: 2_000 }, (_, i) => now - 3_400_000 + i * 1_700);
  const entries = shuffled(entriesOf(ledger, 'shuffled', stamps), 12);
  for (let at = 0; at < entries.length; at += 100) await publish(encode(entries.slice(at, at + 100)));
  const verdict = await judgeInTime(ledger, world.answers, { range: '70m' });
  expect(faultsOf(verdict)).toEqual(CLEAN);
  expect(verdict.found).toBe(2_000);
  // Memory answered so far. After a restart the store does, from the windows that late entries revised.
  await world.sidecar.stop();
  await world.startSidecar();
  expect(faultsOf(await judgeInTime(ledger, world.answers, { range: '70m' }))).toEqual(CLEAN);
});

it('row 13: stamps far ahead and far behind are refused by bound, with a reason, and spoil nothing else', async () => {
  const ledger = new Ledger();
  const now = Date.now();
  const before = await world.answers.metrics();
  const stamps = {
    tenYearsAhead: now + 10 * 365 * 86_400_000,
    hourAhead: now + 3_500_000,
    ninetyMinutesAhead: now + 5_400_000,
    year1970: 86_400_000,
    negative: -5,
    zero: 0,
    beforeRetention: now - 3 * 365 * 86_400_000,
    twoHoursAgo: now - 7_200_000,
  };
  const entries = entriesOf(ledger, 'bounds', [now - 3_000, now - 2_000, now - 1_000]);
  const bad = Object.entries(stamps).map(([stamp, time]) => ({ name: 'stamped', value: 1, time, labels: { stamp } }));
  await publish([...(JSON.parse(encode(entries.slice(0, 1))) as unknown[]), ...bad]);
  const dropped = await droppedSince(before, bad.length);
  // No time at all (-5), more than an hour after its receipt, past the stream's bounds ahead and behind.
  expect(dropped).toEqual({ time: 1, time_future: 2, future: 1, too_late: 4 });
  // The future point moved no watermark and no retention: what comes now is taken in time.
  await publish(encode(entries.slice(1)));
  const verdict = await judgeInTime(ledger, world.answers);
  expect(faultsOf(verdict)).toEqual(CLEAN);
  expect(await world.answers.query('count_over_time(stamped[1h])')).toEqual([]);
});

it('row 14: seconds, milliseconds, microseconds and nanoseconds are told apart, never 1000 times off', async () => {
  const ms = Math.floor(Date.now() / 1_000) * 1_000 - 2_000;
  const written = { s: ms / 1_000, ms, us: ms * 1_000, ns: `${ms}000000`, iso: new Date(ms).toISOString() };
  await publish(
    Object.entries(written).map(([unit, time]) => ({ name: 'unit_test', value: 1, time, labels: { unit } })),
  );
  await scalarIs('count(unit_test)', 5);
  const found = await world.answers.query('unit_test[1m]');
  expect(Object.fromEntries(found.map(({ metric, points }) => [metric['unit'], points]))).toEqual(
    Object.fromEntries(Object.keys(written).map((unit) => [unit, [[ms, '1']]])),
  );
  // Between the bands lies no unit: such a number is refused or falls outside the bounds, and is counted.
  const before = await world.answers.metrics();
  await publish([{ name: 'unit_test', value: 1, time: ms * 30, labels: { unit: 'odd' } }]);
  await droppedSince(before, 1);
});

/** As they stand in JSON text: of these numbers `JSON.stringify` would write others. */
const EDGE_VALUES: Readonly<Record<string, string>> = {
  ...{ nan: '"NaN"', inf: '"+Inf"', negativeInf: '"-Inf"', negativeZero: '-0', huge: '1e308', tiny: '5e-324' },
  ...{ minusOne: '-1', beyond53: '9007199254740993', text: '"1e999"', word: '"many"', nothing: 'null' },
  ...{ list: '[1]', flag: 'true' },
};
/** No double is 2^53 + 1: it becomes the nearest one. */
const EDGE_GAUGES: Readonly<Record<string, number>> = {
  ...{ nan: NaN, inf: Infinity, negativeInf: -Infinity, negativeZero: -0, huge: 1e308, tiny: 5e-324 },
  ...{ minusOne: -1, beyond53: 2 ** 53 },
};

/** What the API answers; `toEqual` tells -0 from 0. */
async function edgeGauges(): Promise<Record<string, number>> {
  const found = await world.answers.query('edge_gauge[5m]');
  const numberOf = (text = ''): number => Number(text.replace('Inf', 'Infinity'));
  return Object.fromEntries(found.map(({ metric: { kind = '' }, points }) => [kind, numberOf(points[0]?.[1])]));
}

/** What a panel gets: the columns of an Arrow frame. */
async function edgeFrame(): Promise<Record<string, unknown>> {
  const grafana = connectAsGrafana(`unix:${world.path('grafana.sock')}`);
  try {
    const now = Date.now();
    const document = { queryType: 'promql', expr: 'edge_gauge', instant: true, format: 'table' };
    const [frame] = await panelFrames(grafana, document, { fromEpochMS: now - 300_000, toEpochMS: now });
    const column = (name: string): unknown[] => [...(frame?.getChild(name) ?? [])];
    const [kinds, values] = [column('kind'), column('Value')];
    return Object.fromEntries(kinds.map((kind, i) => [String(kind), values[i]]));
  } finally {
    grafana.close();
  }
}

it('row 15: NaN, infinities and the ends of the number range are kept or refused by rule; sums stay finite', async () => {
  const before = await world.answers.metrics();
  const time = Date.now() - 2_000;
  const metric = (name: string, type: string): string[] =>
    Object.entries(EDGE_VALUES).map(
      ([kind, value]) =>
        `{"name":"${name}","type":"${type}","value":${value},"time":${time},"labels":{"kind":"${kind}"}}`,
    );
  await publish(`[${[...metric('edge_gauge', 'gauge'), ...metric('edge_seconds', 'observation')].join(',')}]`);
  // In JSON text 1e999 is a number that no double can hold.
  await publish(`[{"name":"edge_gauge","value":1e999,"time":${time},"labels":{"kind":"overflow"}}]`);
  const dropped = await droppedSince(before, 10);
  expect(Object.keys(dropped)).toEqual(['schema']);
  await scalarIs('count(count_over_time(edge_gauge[1m]))', 8);
  expect(await edgeGauges()).toEqual(EDGE_GAUGES);
  expect((await world.answers.query('edge_gauge{kind="negativeZero"}'))[0]?.points[0]?.[1]).toBe('-0');
  expect(await edgeFrame()).toEqual(EDGE_GAUGES);
  await scalarIs('count(histogram_count(edge_seconds) > 0)', 5);
  for (const {
    metric: { kind },
    points,
  } of await world.answers.query('histogram_sum(edge_seconds)')) {
    expect({ kind, finite: Number.isFinite(Number(points[0]?.[1])) }).toEqual({ kind, finite: true });
  }
  // Of the store, too.
  await world.sidecar.stop();
  await world.startSidecar();
  expect(await edgeGauges()).toEqual(EDGE_GAUGES);
});

it(
  'row 16: random bytes, torn documents and wrong UTF-8 are refused with a reason; their neighbours are kept',
  async () => {
    const ledger = new Ledger();
    const publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'core', seed: 16 });
    const before = await world.answers.metrics();
    const document = Buffer.from(encode(publisher.take()));
    const poison = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 200, unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc.nat({ max: document.length - 2 }).map((end) => document.subarray(0, end + 1)),
      fc
        .tuple(fc.nat({ max: document.length - 1 }), fc.nat({ max: 255 }))
        .map(([at, byte]) => Buffer.concat([document.subarray(0, at), Buffer.from([byte]), document.subarray(at + 1)]))
        // Damage that leaves a readable entry would publish what the ledger does not know.
        .filter((bytes) => !isJson(bytes)),
    );
    const types = [
      '',
      'application/json',
      'application/vnd.influx.line',
      'application/x-protobuf',
      'application/vnd.apache.arrow.stream',
    ];
    const cases = fc.sample(fc.tuple(poison, fc.constantFrom(...types)), { numRuns: FUZZ_CASES, seed: 16 });
    for (const [i, [bytes, type]] of cases.entries()) {
      const typed = headers();
      if (type !== '') typed.set('Content-Type', type);
      nats.publish('tw.metrics.poison', bytes, { headers: typed });
      if (i % 1_000 === 0) await nats.flush();
    }
    await nats.flush();
    // A batch with one bad item loses only that.
    const entries = publisher.take();
    const mixed = (JSON.parse(encode(entries)) as unknown[]).flatMap((item) => [item, { name: '', value: 'x' }, 7]);
    for (const entry of entries) ledger.acknowledged(entry);
    await publish(mixed);
    await publisher.publish(500);
    await publisher.close();
    // What is good stands behind all that is bad, which a busy machine is long at.
    const verdict = await judgeInTime(ledger, world.answers, { timeoutMs: ROW_16_LIMIT_MS / 2 });
    expect(faultsOf(verdict)).toEqual(CLEAN);
    expect(world.sidecar.running).toBe(true);
    const after = await world.answers.metrics();
    const dropped = after.sum('tapewatch_dropped_items_total') - before.sum('tapewatch_dropped_items_total');
    expect(dropped).toBeGreaterThan(FUZZ_CASES / 2);
    const letters = after.sum('tapewatch_dead_letters_total') - before.sum('tapewatch_dead_letters_total');
    expect(letters).toBeGreaterThan(0);
    expect(letters).toBeLessThanOrEqual(dropped);
  },
  ROW_16_LIMIT_MS,
);

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}

it('row 17: labels without measure are refused with a reason; memory stays flat', async () => {
  const time = Date.now() - 2_000;
  const good = { name: 'measured', value: 1, time };
  const long = 'x'.repeat(10 * MEBIBYTE);
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, 'v']));
  const kept = { emoji: 'שלום 🚀', control: 'a\u0000b\nc', duplicate: 'last wins' };
  const refused: readonly [string, string][] = [
    ['too_large', JSON.stringify([good, { ...good, labels: { long } }])],
    ['too_large', JSON.stringify({ ...good, name: 'n'.repeat(MEBIBYTE) })],
    ['label_limit', JSON.stringify({ ...good, labels: many })],
    ['label_limit', JSON.stringify({ ...good, labels: { value: 'v'.repeat(5_000) } })],
    ['schema', JSON.stringify({ ...good, name: '' })],
  ];
  await publish(JSON.stringify({ ...good, labels: kept }));
  await scalarIs('count(measured)', 1);
  expect((await world.answers.query('measured'))[0]?.metric).toEqual({ __name__: 'measured', ...kept });
  const pid = world.sidecar.pid as number;
  const warm = usageOf(pid).peakRssMb;
  const before = await world.answers.metrics();
  const rounds = 20;
  for (let round = 0; round < rounds; round++) for (const [, text] of refused) await publish(text);
  await publish('{"name":"measured","value":1,"labels":{"duplicate":"first","duplicate":"second"}}');
  const dropped = await droppedSince(before, rounds * refused.length);
  expect(dropped).toEqual({ too_large: 2 * rounds, label_limit: 2 * rounds, schema: rounds });
  await scalarIs('count(measured{duplicate="second"})', 1);
  // 200 MiB went in as single labels; what may grow is one message in flight and V8's own margin.
  expect(usageOf(pid).peakRssMb - warm).toBeLessThan(200);
});

it('row 21: prototype keys, nesting 100,000 deep and duplicate keys neither pollute nor crash', async () => {
  const time = Date.now() - 2_000;
  const before = await world.answers.metrics();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const deepLabels = `{"name":"deep","value":1,"labels":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`;
  const deepWithEscape = `${'['.repeat(100_000)}"\\ud800"${']'.repeat(100_000)}`;
  const hostile = [
    `{"name":"polluted","value":1,"time":${time},"labels":{"__proto__":"x"}}`,
    `{"name":"polluted","value":1,"time":${time},"labels":{"__proto__":{"polluted":"yes"}}}`,
    deep,
    deepLabels,
    deepWithEscape,
  ];
  for (const text of hostile) await publish(text);
  await publish(
    `{"name":"proto_top","value":1,"time":${time},"__proto__":{"value":9},"constructor":{"prototype":{"x":1}}}`,
  );
  await publish(`{"name":"proto_label","value":2,"time":${time},"labels":{"constructor":"c","toString":"t"}}`);
  await publish(`{"name":"twice","value":1,"value":3,"time":${time}}`);
  await publish(`{"name":"plain","value":4,"time":${time}}`);
  await droppedSince(before, hostile.length);
  await scalarIs('proto_top', 1);
  await scalarIs('twice', 3);
  await scalarIs('plain', 4);
  expect((await world.answers.query('proto_label'))[0]?.metric).toEqual({
    ...{ __name__: 'proto_label', constructor: 'c', toString: 't' },
  });
  expect((await world.answers.query('plain'))[0]?.metric).toEqual({ __name__: 'plain' });
  expect(await world.answers.query('polluted')).toEqual([]);
  expect(world.sidecar.running).toBe(true);
});

it('finds every entry of the ledger that travelled between the faults, and nothing of another series', async () => {
  const found = await world.answers.query(`count by (series) (count_over_time(${GAUGE}[1h]))`);
  const series = found.map(({ metric }) => metric['series'] ?? '');
  expect(series.filter((name) => !/^(s\d+|twice\d+|shuffled|bounds)$/.test(name))).toEqual([]);
});
