/** What every source of targets promises; StaticDiscovery and FileDiscovery pass it, Consul and Kubernetes will. */
import type { TargetDiscovery, TargetGroup } from './discovery.ts';
import { until } from './testing/scrape-world.ts';

export interface DiscoveryUnderTest {
  readonly discovery: TargetDiscovery;
  /** Changes what the source knows; undefined for a source that never changes. */
  readonly change?: (addresses: readonly string[]) => void;
  /** Makes the source unreadable; undefined where it cannot be. */
  readonly breakSource?: () => Promise<void>;
  /** Moves time on, for sources that look by a timer. */
  readonly pass: () => void;
  readonly remove: () => void;
}

export function discoveryContract(name: string, open: (addresses: readonly string[]) => DiscoveryUnderTest): void {
  const addressesOf = (groups: readonly TargetGroup[]): string[] =>
    groups.flatMap(({ targets }) => targets.map((target) => target['__address__'] ?? ''));

  describe(`${name} as a source of targets`, () => {
    let subject: DiscoveryUnderTest;
    const calls: (readonly TargetGroup[])[] = [];
    beforeEach(() => {
      calls.length = 0;
      subject = open(['a:1', 'b:2']);
    });
    afterEach(() => {
      subject.discovery.close();
      subject.remove();
    });
    const start = () => subject.discovery.start((groups) => calls.push(groups));

    it('tells nothing before it is started, and all groups once it is', async () => {
      subject.pass();
      expect(calls).toEqual([]);
      await start();
      expect(calls).toHaveLength(1);
      expect(addressesOf(calls[0] ?? [])).toEqual(['a:1', 'b:2']);
      const sources = (calls[0] ?? []).map(({ source }) => source);
      expect(new Set(sources).size).toBe(sources.length);
    });

    it('tells all groups again after a change, and nothing without one', async () => {
      await start();
      for (let i = 0; i < 3; i++) subject.pass();
      await new Promise((resolve) => setImmediate(resolve));
      expect(calls).toHaveLength(1);
      if (subject.change === undefined) return;
      subject.change(['a:1', 'c:3']);
      await until(() => {
        subject.pass();
        return calls.length > 1;
      });
      expect(addressesOf(calls.at(-1) ?? [])).toEqual(['a:1', 'c:3']);
    });

    it('keeps its last groups while the source cannot be read', async () => {
      await start();
      await subject.breakSource?.();
      expect(addressesOf(calls.at(-1) ?? [])).toEqual(['a:1', 'b:2']);
    });

    it('tells nothing after it was closed', async () => {
      await start();
      subject.discovery.close();
      subject.change?.(['d:4']);
      for (let i = 0; i < 3; i++) subject.pass();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(calls).toHaveLength(1);
    });
  });
}
