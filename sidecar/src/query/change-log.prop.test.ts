import fc from 'fast-check';
import { ChangeLog } from './change-log.ts';

const change = fc.record({ name: fc.constantFrom('a', 'b', 'c'), oldestMs: fc.integer({ min: 0, max: 50 }) });

/** What the log stands for: all changes, looked through. */
function oldestOf(changes: readonly { name: string; oldestMs: number }[], since: number, names?: ReadonlySet<string>) {
  return changes
    .slice(since)
    .filter(({ name }) => names === undefined || names.has(name))
    .reduce((oldest, { oldestMs }) => Math.min(oldest, oldestMs), Infinity);
}

it('knows the oldest stamp that changed since any version, of some metrics or of all', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), fc.subarray(['a', 'b', 'c', 'd']), (changes, chosen) => {
      const log = new ChangeLog();
      const versions = [log.version];
      for (const { name, oldestMs } of changes) {
        log.changed(name, oldestMs);
        versions.push(log.version);
      }
      const names = new Set(chosen);
      for (const [since, version] of versions.entries()) {
        expect(log.oldestSince(version, names)).toBe(oldestOf(changes, since, names));
        expect(log.oldestSince(version, undefined)).toBe(oldestOf(changes, since));
      }
    }),
  );
});

it('past its bound never says that less changed than did, and still tells new changes from old ones', () => {
  const log = new ChangeLog();
  const versions: number[] = [];
  // Time goes on, now and then with a late sample.
  const stamps = Array.from({ length: 5_000 }, (_, i) => (i % 97 === 96 ? i - 60 : i));
  for (const stamp of stamps) {
    versions.push(log.version);
    log.changed('a', stamp);
  }
  for (const [i, version] of versions.entries()) {
    const exact = Math.min(...stamps.slice(i));
    expect(log.oldestSince(version, new Set(['a']))).toBeLessThanOrEqual(exact);
  }
  const recent = versions.length - 10;
  expect(log.oldestSince(versions[recent] as number, new Set(['a']))).toBe(Math.min(...stamps.slice(recent)));
  expect(log.oldestSince(log.version, undefined)).toBe(Infinity);
});
