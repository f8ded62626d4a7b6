/**
 * The law of acknowledging by prefix, against a model of the server: under any order of settling, losses, repeats and
 * failures, what the server is told covers only messages that were settled as stored.
 */
import fc from 'fast-check';
import { type Acknowledgement, type AcknowledgementOptions, ANSWER, GAP } from './acknowledgement.ts';
import { ExplicitAcknowledgement } from './explicit-acknowledgement.ts';
import { PrefixAcknowledgement } from './prefix-acknowledgement.ts';

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('deliver' as const), skip: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('stored' as const), which: fc.nat({ max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failed' as const), which: fc.nat({ max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), which: fc.nat({ max: 10 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
);

type Step = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Way = new (options: AcknowledgementOptions) => Acknowledgement;

async function run(Way: Way, commands: readonly Step[], covers: 'prefix' | 'one'): Promise<Acknowledgement> {
  const stored = new Set<number>();
  /** Told in a microtask, where nobody would catch what is thrown. */
  const wronglyCovered: number[] = [];
  const passed = new Map<number, number>();
  /** Of our stream, in the log: what the server has sent so far. */
  const sent: number[] = [];
  const acknowledgement = new Way({
    settledThrough: 0,
    delivered: { streamSequence: 0, consumerSequence: 0 },
    onFailed: () => undefined,
    onSettled: () => undefined,
    answer: (reply, payload) => {
      if (payload !== ANSWER.stored) return;
      const through = Number(reply);
      const covered = covers === 'one' ? [through] : sent.filter((sequence) => sequence <= through);
      for (const sequence of covered) if (!stored.has(sequence)) wronglyCovered.push(sequence);
    },
  });
  let [log, consumerSequence] = [0, 0];
  const deliver = (streamSequence: number, timesDelivered: number): void => {
    consumerSequence++;
    const ticket = acknowledgement.take(
      { streamSequence, consumerSequence, timesDelivered },
      String(streamSequence),
      10,
    );
    if (ticket === GAP) expect(covers).toBe('prefix');
    if (ticket < 0) return;
    // Nothing of ours stands between the two that was not delivered before.
    expect(acknowledgement.after).toBeLessThan(streamSequence);
    for (const between of sent) {
      if (between > acknowledgement.after && between < streamSequence) throw new Error(`${between} was skipped`);
    }
    passed.set(streamSequence, ticket);
  };
  for (const step of commands) {
    if (step.kind === 'turn') await Promise.resolve();
    else if (step.kind === 'lose') {
      consumerSequence++;
      sent.push(++log);
    } else if (step.kind === 'deliver') {
      log += step.skip;
      sent.push(log);
      deliver(log, 1);
    } else {
      const open = [...passed];
      const [sequence, ticket] = open[step.which % Math.max(1, open.length)] ?? [];
      if (sequence === undefined || ticket === undefined) continue;
      if (step.kind === 'repeat') deliver(sequence, 2);
      else {
        if (step.kind === 'stored') stored.add(sequence);
        passed.delete(sequence);
        acknowledgement.settle(ticket, step.kind);
        acknowledgement.settle(ticket, 'stored');
      }
    }
    expect(acknowledgement.inFlight).toBeGreaterThanOrEqual(0);
    expect(acknowledgement.inFlightBytes).toBe(acknowledgement.inFlight * 10);
  }
  await Promise.resolve();
  expect(wronglyCovered).toEqual([]);
  for (const sequence of sent) if (sequence <= acknowledgement.settledThrough) expect(stored.has(sequence)).toBe(true);
  return acknowledgement;
}

it('by prefix: covers only what is stored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      await run(PrefixAcknowledgement, commands, 'prefix');
    }),
  );
});

it('one by one: answers only what is stored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      await run(ExplicitAcknowledgement, commands, 'one');
    }),
  );
});

it('by prefix: forgets what is settled, and knows the others by their tickets still', async () => {
  const deliver = { kind: 'deliver', skip: 1 } as const;
  const stored = (which: number) => ({ kind: 'stored', which }) as const;
  // Ten are in flight throughout, so that what is settled is cut off in front of them; of two the later is settled first.
  const inFlight = Array.from({ length: 10 }, () => deliver);
  const round: readonly Step[] = [deliver, deliver, stored(1), stored(0), { kind: 'turn' }];
  const rounds = Array.from({ length: 300 }, () => round).flat();
  const acknowledgement = await run(PrefixAcknowledgement, [...inFlight, ...rounds], 'prefix');
  expect([acknowledgement.inFlight, acknowledgement.settledThrough]).toEqual([10, 600]);
});
