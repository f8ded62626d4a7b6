/**
 * Rows 17 to 20 and 22 of the fault list: what a refusal costs, a million new series in a minute, chosen keys that
 * collide, series that come and go, and bodies that unpack to half a gigabyte. Memory stays bounded, and what stands beside is unharmed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { compress } from 'snappyjs';
import { request } from 'undici';
import { usageOf } from '../../bench/process-usage.ts';
import { seededRandom } from '../../bench/samples.ts';
import { freePorts } from '../../tools/demo/port.ts';
import { ManagedProcess, until } from '../../tools/demo/process.ts';
import { CLEAN, faultsOf, judgeInTime, Ledger } from '../fault/ledger.ts';
import { LEDGER_STREAMS, Publisher } from '../fault/publisher.ts';
import { ensureSidecar, World } from '../fault/world.ts';
import { HeldMemory } from './held.ts';

jest.setTimeout(1_200_000);

const MEBIBYTE = 1_048_576;
/** The source that misbehaves has a stream of its own, beside the ledger's. */
const STREAMS = [...LEDGER_STREAMS, { name: 'flood', subject: 'fl.>', payload: 'metric' }];
const BATCH = 500;

beforeAll(() => ensureSidecar());

/** Publishes lines at a rate and waits for the broker, so that nothing is lost on the way to the sidecar. */
async function publishLines(
  nats: NatsConnection,
  { lines, rate }: { lines: Iterable<string>; rate: number },
): Promise<number> {
  const started = performance.now();
  let batch: string[] = [];
  let sent = 0;
  const send = async (): Promise<void> => {
    sent += batch.length;
    nats.publish('fl.lines', batch.join('\n'));
    batch = [];
    await nats.flush();
    const aheadMs = (sent / rate) * 1_000 - (performance.now() - started);
    if (aheadMs > 1) await pause(aheadMs);
  };
  for (const line of lines) {
    batch.push(line);
    if (batch.length === BATCH) await send();
  }
  if (batch.length > 0) await send();
  return sent;
}

/** Everything that the flood's stream got is stored or dropped with a reason. */
async function accounted(world: World, published: number): Promise<Readonly<Record<string, number>>> {
  let last: Record<string, number> = {};
  const ask = async (): Promise<typeof last | undefined> => {
    const metrics = await world.answers.metrics();
    const text = { stream: 'flood' };
    const stored = metrics.sum('tapewatch_stored_items_total', text);
    const dropped = metrics.sum('tapewatch_dropped_items_total', text);
    last = { stored, dropped, lost: published - stored - dropped };
    return last['lost'] === 0 ? last : undefined;
  };
  await until(ask, { what: 'every item is stored or dropped', timeoutMs: 120_000, everyMs: 500 }).catch(
    () => undefined,
  );
  return last;
}

interface Refused {
  readonly what: string;
  readonly reason: string;
  readonly payload: Buffer;
  readonly times: number;
  /** Messages; a broker that holds too much cuts the sidecar off. */
  readonly flushEvery: number;
}

function refusals(): Refused[] {
  const good = { name: 'measured', value: 1 };
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, 'v']));
  const label = (characters: number) => ({ ...good, labels: { long: 'x'.repeat(characters) } });
  const kind = (what: string, reason: string, item: object, [times, flushEvery]: readonly [number, number]) => {
    return { what, reason, payload: Buffer.from(JSON.stringify(item)), times, flushEvery };
  };
  return [
    kind('a label of 10 MB', 'too_large', label(10 * MEBIBYTE), [50, 1]),
    kind('a name of 1 MB', 'too_large', { ...good, name: 'n'.repeat(MEBIBYTE) }, [500, 1]),
    kind('10,000 labels', 'label_limit', { ...good, labels: many }, [100, 10]),
    kind('a label of 5,000 characters', 'label_limit', label(5_000), [5_000, 100]),
    kind('an empty name', 'schema', { ...good, name: '' }, [5_000, 100]),
  ];
}

const REFUSED_SUBJECT = 'fl.refused';
/** As `tapewatch serve` sets it. */
const SAME_COLLECTION = '--heap-growing-percent=200';
/**
 * A refusal by length costs nothing that could be seen; the receipt of ten megabytes does, and somewhat more here: buffers
 * make V8 collect ("external memory pressure" in its trace), of two threads, and of more kinds of objects.
 */
const RECEIPT_TOLERANCE = 1.8;
/** The least counts: what else runs on the machine takes CPU by cache misses, and never gives any. */
const ROUNDS = 3;

/** CPU milliseconds a message, of the sidecar and of one who only receives. */
interface Cost {
  readonly sidecar: number;
  readonly receiver: number;
}

/** Publishes one message over and over until all are refused. */
async function costOfRefusal(
  { world, nats, receiver }: { world: World; nats: NatsConnection; receiver: ManagedProcess },
  { what, reason, payload, times, flushEvery }: Refused,
): Promise<Cost> {
  const dropped = async (): Promise<number> =>
    (await world.answers.metrics()).sum('tapewatch_dropped_items_total', { stream: 'flood', reason });
  const cpu = (): readonly number[] => [world.sidecar, receiver].map(({ pid }) => usageOf(pid as number).cpuSeconds);
  const [before, [sidecarBefore = NaN, receiverBefore = NaN]] = [await dropped(), cpu()];
  for (let i = 1; i <= times; i++) {
    nats.publish(REFUSED_SUBJECT, payload);
    if (i % flushEvery === 0) await nats.flush();
  }
  await nats.flush();
  const all = async (): Promise<true | undefined> => (await dropped()) - before >= times || undefined;
  await until(all, { what: `${times} times ${what} is refused by ${reason}`, timeoutMs: 120_000 });
  expect((await dropped()) - before).toBe(times);
  const [sidecar = NaN, received = NaN] = cpu();
  const each = (seconds: number): number => (seconds / times) * 1_000;
  return { sidecar: each(sidecar - sidecarBefore), receiver: each(received - receiverBefore) };
}

it('row 17: to refuse what has no measure costs less than a millisecond beside its receipt; memory stays flat', async () => {
  const world = await World.open({
    config: { streams: STREAMS },
    natsConfig: 'max_payload: 33554432\nmax_pending: 134217728\n',
  });
  const nats = await connect({ servers: world.natsUrl });
  const args = [SAME_COLLECTION, 'test/long/plain-subscriber.mjs', world.natsUrl, REFUSED_SUBJECT];
  const spec = { name: 'receiver', command: process.execPath, args, logFile: world.path('receiver.log') };
  // Memory that large messages take costs what the allocator's settings make of it.
  const receiver = new ManagedProcess({ ...spec, env: world.environment }, () => undefined).start();
  try {
    const subscribed = async (): Promise<true | undefined> =>
      (await receiver.logTail()).startsWith('subscribed') || undefined;
    await until(subscribed, { what: 'the receiver subscribes', timeoutMs: 30_000 });
    const scene = { world, nats, receiver };
    // V8 compiles, and buffers reach the size of the largest message.
    for (const refused of refusals()) await costOfRefusal(scene, { ...refused, times: refused.times / 10 });
    const pid = world.sidecar.pid as number;
    const warm = usageOf(pid).peakRssMb;
    const costs: [string, Cost][] = [];
    for (const refused of refusals()) {
      const rounds: Cost[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await costOfRefusal(scene, refused));
      const least = (of: keyof Cost): number => Math.min(...rounds.map((cost) => cost[of]));
      costs.push([refused.what, { sidecar: least('sidecar'), receiver: least('receiver') }]);
    }
    const grown = usageOf(pid).peakRssMb - warm;
    const told = costs.map(([what, cost]) => `${what} ${cost.sidecar.toFixed(2)} (${cost.receiver.toFixed(2)})`);
    console.info(`row 17: CPU ms a message (of a plain receiver): ${told.join(', ')}`);
    console.info(`row 17: memory grew by ${grown.toFixed(0)} MB from ${warm.toFixed(0)}`);
    // Two receipts of ten megabytes differ by more than a millisecond by chance.
    const tooDear = costs.filter(([, { sidecar, receiver: plain }]) => sidecar > 1 + plain * RECEIPT_TOLERANCE);
    expect(tooDear).toEqual([]);
    expect(grown).toBeLessThan(100);
  } finally {
    await receiver.stop();
    await nats.close();
    await world.close();
  }
});

it('row 18: a million new series in a minute meet a cap with a reason; other series are unharmed, memory is bounded', async () => {
  const world = await World.open({ config: { streams: STREAMS } });
  const nats = await connect({ servers: world.natsUrl });
  const ledger = new Ledger();
  const publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'core', rate: 200 });
  try {
    publisher.start();
    const pid = world.sidecar.pid as number;
    const million = Array.from({ length: 1_000_000 }, (_, i) => `flood,request_id=r${i} value=1`);
    const published = await publishLines(nats, { lines: million, rate: 17_000 });
    const told = await accounted(world, published);
    expect(told['lost']).toBe(0);
    expect(told['dropped']).toBeGreaterThan(0);
    const { peakRssMb } = usageOf(pid);
    console.info(`row 18: ${told['stored']} series kept, ${told['dropped']} refused, peak ${Math.round(peakRssMb)} MB`);
    expect(peakRssMb).toBeLessThan(4_096);
    // A new series of another source is still welcome.
    const newcomer = await Publisher.connect({
      ...{ ledger, port: world.natsPort, delivery: 'jetstream', prefix: 'newcomer' },
    });
    await newcomer.publish(100);
    await newcomer.close();
    await publisher.stop();
    expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
    const reasons = Object.keys((await world.answers.metrics()).by('tapewatch_dropped_items_total', 'reason'));
    expect(reasons.filter((reason) => reason.includes('series'))).not.toEqual([]);
    // The explanation names the label (the ledger's own series are among the last); the message, which a dead letter quotes, would contain it anyway.
    const letters = await request(`${world.http}/api/v1/dead-letters?limit=10`);
    expect(await letters.body.text()).toMatch(
      /series_limit.*label request_id has 20\d\d values in the last 2048 series/s,
    );
    expect(world.sidecar.pid).toBe(pid);
  } finally {
    await publisher.close();
    await nats.close();
    await world.close();
  }
});

/** FNV-1a, 32 bits: the hash whose collisions an attacker can compute when it is not seeded. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Series texts whose FNV hashes share their low bits, which choose the slot of a table. */
function colliding(count: number): string[] {
  const random = seededRandom(19);
  const found: string[] = [];
  while (found.length < count) {
    const text = `flood,key=k${Math.floor(random() * 2 ** 52).toString(36)}`;
    if ((fnv(text) & 0xff) === 0x55) found.push(text);
  }
  return found;
}

it('row 19: keys chosen to collide cost about what others cost', async () => {
  const world = await World.open({ config: { streams: STREAMS } });
  const nats = await connect({ servers: world.natsUrl });
  try {
    const pid = world.sidecar.pid as number;
    const count = 10_000;
    const plain = Array.from({ length: count }, (_, i) => `flood,key=p${(i * 7_919).toString(36)}`);
    const cpuOf = async (keys: readonly string[], expected: number): Promise<number> => {
      const before = usageOf(pid).cpuSeconds;
      // Three times: the first meets the tables that intern, the others the caches that find.
      for (let round = 0; round < 3; round++) {
        await publishLines(nats, { lines: keys.map((key) => `${key} value=${round}`), rate: 15_000 });
      }
      expect((await accounted(world, expected))['lost']).toBe(0);
      return usageOf(pid).cpuSeconds - before;
    };
    const ordinary = await cpuOf(plain, 3 * count);
    const hostile = await cpuOf(colliding(count), 6 * count);
    console.info(`row 19: ${ordinary.toFixed(2)} s CPU for ordinary keys, ${hostile.toFixed(2)} s for colliding ones`);
    // Ten thousand keys for a few dozen slots would cost a hundred times as much; noise costs a fraction.
    expect(hostile).toBeLessThan(5 * ordinary);
  } finally {
    await nats.close();
    await world.close();
  }
});

it('row 20: series that come and go let memory return to its plateau; one that comes back goes on where it was', async () => {
  const [inspectorPort] = await freePorts(1);
  const world = await World.prepare({
    config: { streams: STREAMS, pipeline: { headMinutes: 1 }, log: { level: 'warn' } },
    nodeFlags: [`--inspect=127.0.0.1:${inspectorPort}`],
  });
  // The engine's cache fills up to a bound of its own, with or without churn: it counts as full.
  const engineMb = 96;
  world.settings['store'] = { kind: 'duckdb', path: world.storePath, memoryLimitMb: engineMb };
  await world.startNats();
  await world.startSidecar();
  const nats = await connect({ servers: world.natsUrl });
  const ledger = new Ledger();
  const returning = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'jetstream', prefix: 'back' });
  let memory: HeldMemory | undefined;
  try {
    memory = await HeldMemory.watch(world, inspectorPort as number);
    await returning.publish(1_000);
    const live = 10_000;
    const plateaus: number[] = [];
    // An hour at 10 % a minute replaces the series six times; here twelve times, each generation in 36 s.
    for (let generation = 0; generation < 12; generation++) {
      for (let round = 0; round < 18; round++) {
        const lines = Array.from({ length: live }, (_, i) => `flood,pod=g${generation}-${i} value=${round}`);
        await publishLines(nats, { lines, rate: 5_000 });
      }
      expect((await accounted(world, (generation + 1) * 18 * live))['lost']).toBe(0);
      plateaus.push(engineMb + ((await memory.read())?.heldMb ?? NaN));
    }
    console.info(
      `row 20: memory held, with a full cache of the engine, by generation, MB: ${plateaus.map((mb) => mb.toFixed(0)).join(', ')}`,
    );
    const metrics = await world.answers.metrics();
    const [awake, resting] = [metrics.sum('tapewatch_series'), metrics.sum('tapewatch_resting_series')];
    console.info(`row 20: ${awake} series awake, ${resting} at rest`);
    // What the last two minutes brought is awake; what came before rests, the ledger's series too.
    expect(awake).toBeLessThan(6 * live);
    expect(awake + resting).toBeGreaterThanOrEqual(12 * live);
    const [plateau = NaN, ...later] = plateaus.slice(5);
    for (const mb of later) expect(mb).toBeLessThan(plateau * 1.1);
    await returning.publish(1_000);
    const verdict = await judgeInTime(ledger, world.answers);
    expect(faultsOf(verdict)).toEqual(CLEAN);
    expect(verdict.found).toBe(2_000);
    // Also of the store alone, after a restart.
    await world.sidecar.stop();
    await world.startSidecar();
    expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
  } finally {
    memory?.close();
    await returning.close();
    await nats.close();
    await world.close();
  }
});

/** A frame (RFC 8878) of blocks that repeat a zero 131,072 times each: four bytes a block, a window that is allowed. */
function zstdOfZeros(length: number): Uint8Array {
  const block = 131_072;
  const blocks = Array.from({ length: Math.ceil(length / block) }, (_, i) => {
    const isLast = (i + 1) * block >= length;
    const header = (isLast ? 1 : 0) | (1 << 1) | (block << 3);
    return [header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, 0];
  });
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 7 << 3, ...blocks.flat()]);
}

it('row 22: a body that unpacks to half a gigabyte is refused with 413 while it unpacks', async () => {
  const world = await World.open({ config: { streams: STREAMS } });
  const ledger = new Ledger();
  const publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'core', rate: 200 });
  try {
    publisher.start();
    const pid = world.sidecar.pid as number;
    const gzip = gzipSync(Buffer.alloc(512 * MEBIBYTE), { level: 1 });
    // Snappy says its size in front: half a gigabyte of zeros, and a lie of 2 GiB before hardly anything.
    const snappy = Buffer.from(compress(new Uint8Array(512 * MEBIBYTE)));
    const lie = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0x00, 0x61]);
    const bombs: readonly [string, Record<string, string>, Uint8Array][] = [
      ['/write', { 'content-encoding': 'gzip', 'content-type': 'text/plain' }, gzip],
      ['/v1/metrics', { 'content-encoding': 'gzip', 'content-type': 'application/x-protobuf' }, gzip],
      ['/write', { 'content-encoding': 'zstd', 'content-type': 'text/plain' }, zstdOfZeros(512 * MEBIBYTE)],
      ['/api/v1/write', { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' }, snappy],
      ['/api/v1/write', { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' }, lie],
    ];
    await pause(1_000);
    const before = usageOf(pid).peakRssMb;
    const answers: string[] = [];
    for (const [path, headers, body] of bombs) {
      const { statusCode, body: answer } = await request(`${world.http}${path}`, { method: 'POST', headers, body });
      await answer.dump();
      answers.push(`${path} ${headers['content-encoding']} ${statusCode}`);
    }
    expect(answers).toEqual(bombs.map(([path, headers]) => `${path} ${headers['content-encoding']} 413`));
    expect(usageOf(pid).peakRssMb - before).toBeLessThan(200);
    const counted = async (): Promise<true | undefined> => {
      const dropped = (await world.answers.metrics()).sum('tapewatch_dropped_items_total', { reason: 'too_large' });
      return dropped === bombs.length || undefined;
    };
    await until(counted, { what: 'each bomb is counted as too_large', timeoutMs: 10_000 });
    await publisher.stop();
    expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
    expect(world.sidecar.pid).toBe(pid);
  } finally {
    await publisher.close();
    await world.close();
  }
});
