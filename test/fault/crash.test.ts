/** Rows 1 and 2 of the fault list: the sidecar dies at the worst moments; JetStream keeps what it did not acknowledge. */
import { NatsProxy } from '../../tools/demo/nats-proxy.ts';
import { freePorts } from '../../tools/demo/port.ts';
import { until } from '../../tools/demo/process.ts';
import { NO_FAULTS } from '../long/crash-report.ts';
import { runCrashes } from '../long/crash-run.ts';
import { CLEAN, faultsOf, GAUGE, judgeInTime, Ledger } from './ledger.ts';
import { LEDGER_STREAMS, Publisher } from './publisher.ts';
import { ensureSidecar, World } from './world.ts';

jest.setTimeout(180_000);

beforeAll(() => ensureSidecar());

it('row 1: kill -9 at five random moments under load loses no acknowledged message and counts none twice', async () => {
  const report = await runCrashes({ runs: 5, seed: 20_261, rate: 1_000 });
  const { runs, messages, lost, doubled, foreign, events, resumeMsMedian, resumeMsMax, faults } = report;
  console.info(
    `row 1: ${runs} kills, ${messages} messages, ready again after ${resumeMsMedian} ms at the median, ` +
      `${resumeMsMax} ms at most (5,000 are promised; \`test:long -- crash\` demands them)`,
  );
  expect({ lost, doubled, foreign, faults }).toEqual({ lost: 0, doubled: 0, foreign: 0, faults: NO_FAULTS });
  expect(messages).toBeGreaterThan(3_000);
  expect(events).toBeGreaterThan(300);
});

it('row 2: killed after the commit and before the acknowledgement, it knows the batch that comes again', async () => {
  const [proxyPort = 0] = await freePorts(1);
  const world = await World.prepare({ config: { streams: LEDGER_STREAMS }, sidecarNatsPort: proxyPort });
  let acknowledgementsLost = 0;
  let losing = false;
  const proxy = new NatsProxy(world.natsPort, ({ subject, payload }) => {
    if (!losing || !subject.startsWith('$JS.ACK.')) return payload;
    acknowledgementsLost++;
    return null;
  });
  const ledger = new Ledger();
  try {
    await world.startNats();
    await proxy.listen(proxyPort);
    await world.startSidecar();
    const publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'jetstream' });
    losing = true;
    await publisher.publish(2_000);
    // Committed, as the store's own counter says, and no acknowledgement has reached the broker.
    const committed = async (): Promise<true | undefined> =>
      (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'ledger' }) >= 4_000 || undefined;
    await until(committed, { what: 'everything is committed', timeoutMs: 30_000 });
    expect(acknowledgementsLost).toBeGreaterThan(0);
    world.sidecar.kill('SIGKILL');
    await world.sidecar.exited;
    losing = false;
    await world.startSidecar();
    await publisher.publish(500);
    await publisher.close();
    const verdict = await judgeInTime(ledger, world.answers);
    expect(faultsOf(verdict)).toEqual(CLEAN);
    expect(verdict.found).toBe(2_500);
    // It was delivered again, and known.
    const again = async (): Promise<true | undefined> =>
      (await world.answers.metrics()).sum('tapewatch_duplicate_items_total', { stream: 'ledger' }) > 0 || undefined;
    await until(again, { what: `batches of ${GAUGE} come again and are counted as repeats`, timeoutMs: 30_000 });
    expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
    // Readiness looks at the store, which tells its size.
    await world.answers.readiness();
    const metrics = await world.answers.metrics();
    for (const name of ['store_disk_bytes', 'store_memory_bytes'])
      expect(metrics.sum(`tapewatch_${name}`)).toBeGreaterThan(0);
  } finally {
    await world.close();
    await proxy.close();
  }
});
