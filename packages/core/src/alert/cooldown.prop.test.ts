import fc from 'fast-check';
import { Cooldown, type Begin } from './cooldown.ts';

const SECOND = 1_000_000_000n;
const begin = (rank: number, seconds: number): Begin<string> => ({
  identity: 'slow',
  instance: `slow ${rank}`,
  rank,
  cooldownNanos: BigInt(seconds) * SECOND,
  item: `slow ${rank}`,
});

it('holds a second warning within its cooldown and tells it when the cooldown is over', () => {
  const cooldown = new Cooldown<string>(10);
  expect(cooldown.begins(begin(1, 300), 0n)).toBe(true);
  expect(cooldown.ends(begin(1, 300))).toBe(true);
  expect(cooldown.begins(begin(1, 300), 299n * SECOND)).toBe(false);
  expect(cooldown.held).toBe(1);
  expect(cooldown.due(299n * SECOND)).toEqual([]);
  expect(cooldown.due(300n * SECOND)).toEqual(['slow 1']);
  expect(cooldown.held).toBe(0);
});

it('never holds back a higher severity, and tells the end of what was told', () => {
  const cooldown = new Cooldown<string>(10);
  cooldown.begins(begin(1, 300), 0n);
  expect(cooldown.begins(begin(3, 60), SECOND)).toBe(true);
  // The warning comes back while the critical one is fresh: it waits; the end of the critical one is news.
  expect(cooldown.begins(begin(1, 300), 2n * SECOND)).toBe(false);
  expect(cooldown.ends(begin(3, 60))).toBe(true);
  expect(cooldown.ends(begin(1, 300))).toBe(false);
  expect(cooldown.due(1_000n * SECOND)).toEqual([]);
});

it('lets everything through past its bound, and with a cooldown of zero', () => {
  const cooldown = new Cooldown<string>(0);
  expect([cooldown.begins(begin(1, 300), 0n), cooldown.begins(begin(1, 300), 1n)]).toEqual([true, true]);
  const none = new Cooldown<string>(10);
  expect([none.begins(begin(1, 0), 0n), none.begins(begin(1, 0), 0n)]).toEqual([true, true]);
});

it('tells each alert that fires on, never twice within a cooldown, and an end only after its beginning', () => {
  const step = fc.record({
    waitSeconds: fc.integer({ min: 0, max: 120 }),
    identity: fc.integer({ min: 0, max: 2 }),
    rank: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cooldown = new Cooldown<string>(100);
      /** Per identity: the severity that fires; per instance: whether it was told, and since when. */
      const firing = new Map<string, string>();
      const told = new Set<string>();
      const last = new Map<string, { nanos: bigint; rank: number }>();
      let now = 0n;
      const tell = (identity: string, rank: number): void => {
        const before = last.get(identity);
        if (before !== undefined && rank <= before.rank) expect(now - before.nanos >= 60n * SECOND).toBe(true);
        last.set(identity, { nanos: now, rank });
        told.add(`${identity} ${rank}`);
      };
      for (const { waitSeconds, identity, rank } of steps) {
        now += BigInt(waitSeconds) * SECOND;
        for (const item of cooldown.due(now)) tell(item.split(' ')[0] as string, Number(item.split(' ')[1]));
        const name = String(identity);
        const instance = `${name} ${rank}`;
        const open = firing.get(name);
        if (open !== undefined) {
          expect(cooldown.ends({ identity: name, instance: open })).toBe(told.delete(open));
          firing.delete(name);
          if (open === instance) continue;
        }
        firing.set(name, instance);
        const input = { identity: name, instance, rank, cooldownNanos: 60n * SECOND, item: instance };
        if (cooldown.begins(input, now)) tell(name, rank);
      }
      now += 60n * SECOND;
      for (const item of cooldown.due(now)) tell(item.split(' ')[0] as string, Number(item.split(' ')[1]));
      for (const instance of firing.values()) expect(told.has(instance)).toBe(true);
      expect(cooldown.held).toBe(0);
    }),
  );
});
