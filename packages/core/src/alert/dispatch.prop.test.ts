/**
 * Laws of grouping, by random interleavings of alerts, time, deliveries and their failures: nothing is told twice within
 * the repeat interval, an end only after its beginning, and in the end every receiver knows what is true.
 */
import fc from 'fast-check';
import type { GroupedAlert } from './delivery.ts';
import {
  type DispatchConfig,
  type DispatchEffect,
  type DispatchEvent,
  type DispatchState,
  EMPTY_DISPATCH_STATE,
  nextTickNanos,
  stepDispatch,
} from './dispatch.ts';

const SECOND = 1_000_000_000n;
const WAIT = 2n * SECOND;
const INTERVAL = 5n * SECOND;
const REPEAT = 60n * SECOND;

const config: DispatchConfig = {
  route: {
    id: '0',
    receiver: 'desk',
    groupBy: ['alertname'],
    groupWaitNanos: WAIT,
    groupIntervalNanos: INTERVAL,
    repeatIntervalNanos: REPEAT,
    matches: () => true,
    continue: false,
    routes: [],
  },
  targets: [
    { id: 'desk/0', receiver: 'desk', sendResolved: true },
    { id: 'desk/1', receiver: 'desk', sendResolved: false },
  ],
  maxGroups: 100,
  maxAlertsPerGroup: 100,
};

const step = fc.oneof(
  fc.record({ do: fc.constant('advance' as const), seconds: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ do: fc.constant('toggle' as const), alert: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ do: fc.constant('settle' as const), pick: fc.nat(), ok: fc.boolean() }),
);

type Send = Extract<DispatchEffect, { type: 'send' }>;

class World {
  now = 0n;
  state: DispatchState = EMPTY_DISPATCH_STATE;
  readonly truth = new Map<number, GroupedAlert>();
  readonly underWay: { send: Send; at: bigint }[] = [];
  readonly received = new Map<string, Map<string, string>>();
  readonly successes: { send: Send; settledAt: bigint }[] = [];
  readonly attempts: { send: Send; startedAt: bigint; settledAt: bigint | null }[] = [];

  take(event: DispatchEvent): void {
    const result = stepDispatch(config, this.state, { event, now: this.now });
    this.state = result.state;
    for (const effect of result.effects) {
      if (effect.type !== 'send') throw new Error(`refused: ${effect.reason}`);
      const busy = this.underWay.some(({ send }) => send.groupKey === effect.groupKey && send.target === effect.target);
      expect(busy).toBe(false);
      this.underWay.push({ send: effect, at: this.now });
      this.attempts.push({ send: effect, startedAt: this.now, settledAt: null });
    }
  }

  toggle(index: number): void {
    const before = this.truth.get(index);
    const fires = before?.status !== 'firing';
    const alert: GroupedAlert = {
      fingerprint: `f${index}`,
      status: fires ? 'firing' : 'resolved',
      labels: { alertname: `A${index % 2}`, index: String(index) },
      annotations: {},
      startsAtNanos: fires ? this.now : (before?.startsAtNanos ?? 0n),
      endsAtNanos: fires ? null : this.now,
      value: 1,
    };
    this.truth.set(index, alert);
    this.take({ type: 'alerts', alerts: [alert] });
  }

  settle(pick: number, ok: boolean): void {
    const [entry] = this.underWay.splice(pick % Math.max(1, this.underWay.length), 1);
    if (entry === undefined) return;
    const { send } = entry;
    const attempt = this.attempts.find((candidate) => candidate.send === send);
    if (attempt !== undefined) attempt.settledAt = this.now;
    if (ok) this.successes.push({ send, settledAt: this.now });
    // The worst failure is the lost answer: the receiver knows, and we do not know that it does.
    const seen = this.received.get(send.target.id) ?? new Map<string, string>();
    for (const { fingerprint, status } of send.alerts) seen.set(fingerprint, status);
    this.received.set(send.target.id, seen);
    this.take({ type: 'delivered', groupKey: send.groupKey, targetId: send.target.id, ok });
  }
}

function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): World {
  const world = new World();
  for (const action of steps) {
    if (action.do === 'toggle') world.toggle(action.alert);
    if (action.do === 'settle') world.settle(action.pick, action.ok);
    if (action.do === 'advance') {
      world.now += BigInt(action.seconds) * SECOND;
      world.take({ type: 'tick' });
    }
  }
  return world;
}

/** Found by a run: told, then ended and begun again in the moment in which the group may speak. */
const ENDS_AND_BEGINS_AT_ONCE: Parameters<typeof play>[0][number][] = [
  { do: 'toggle', alert: 5 },
  { do: 'advance', seconds: 2 },
  { do: 'settle', pick: 1_666_152_033, ok: true },
  { do: 'advance', seconds: 5 },
  { do: 'toggle', alert: 5 },
  { do: 'toggle', alert: 5 },
];

describe('laws of grouping', () => {
  it('never says the same again within the repeat interval, nor anything within the group interval', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { attempts, successes } = play(steps);
        for (const { send, startedAt } of attempts) {
          const same = (other: Send) => other.groupKey === send.groupKey && other.target.id === send.target.id;
          const before = attempts.filter(
            (other) => same(other.send) && other.settledAt !== null && other.startedAt < startedAt,
          );
          for (const { settledAt } of before) expect(startedAt - (settledAt ?? 0n)).toBeGreaterThanOrEqual(INTERVAL);
          const told = successes
            .filter((other) => same(other.send) && other.settledAt <= startedAt && other.send !== send)
            .at(-1);
          if (told === undefined) continue;
          // An alert that ended and began again is another one, also for a target that is not told of ends.
          const firing = (list: Send) =>
            list.alerts
              .filter(({ status }) => status === 'firing')
              .map(({ fingerprint, startsAtNanos }) => `${fingerprint} ${startsAtNanos}`);
          const isNews =
            firing(send).some((id) => !firing(told.send).includes(id)) ||
            send.alerts.some(({ status }) => status === 'resolved');
          if (!isNews) expect(startedAt - told.settledAt).toBeGreaterThanOrEqual(REPEAT);
        }
      }),
      { numRuns: 400, examples: [[ENDS_AND_BEGINS_AT_ONCE]] },
    );
  });

  it('tells an end only after a beginning was tried, and never to those who do not want it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const begun = new Set<string>();
        for (const { send } of play(steps).attempts) {
          for (const { fingerprint, status } of send.alerts) {
            if (status === 'firing') begun.add(`${send.target.id} ${fingerprint}`);
            else {
              expect(send.target.sendResolved).toBe(true);
              expect(begun).toContain(`${send.target.id} ${fingerprint}`);
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('lets the final state through once deliveries work again, and then forgets', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const world = play(steps);
        for (let round = 0; round < 50; round += 1) {
          while (world.underWay.length > 0) world.settle(0, true);
          world.now += INTERVAL;
          world.take({ type: 'tick' });
        }
        for (const { target } of world.attempts.map(({ send }) => send)) {
          for (const alert of world.truth.values()) {
            const seen = world.received.get(target.id)?.get(alert.fingerprint);
            if (alert.status === 'firing') expect(seen).toBe('firing');
            else if (target.sendResolved) expect(seen).not.toBe('firing');
          }
        }
        const firing = [...world.truth.values()].filter(({ status }) => status === 'firing');
        expect([...world.state.values()].flatMap(({ alerts }) => [...alerts.values()])).toHaveLength(firing.length);
      }),
      { numRuns: 400 },
    );
  });

  it('knows when it must be woken: no tick before that has an effect', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = play(steps);
        const due = nextTickNanos(world.state);
        const before = world.attempts.length;
        const early = due === null ? world.now + 1000n * REPEAT : due - 1n;
        if (early < world.now) return;
        world.now = early;
        world.take({ type: 'tick' });
        expect(world.attempts).toHaveLength(before);
      }),
      { numRuns: 400 },
    );
  });
});
