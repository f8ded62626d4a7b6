/** Targets that the scrape file itself lists. */
import type { TargetGroupDocument } from '@tapewatch/contract';
import type { TargetDiscovery, TargetGroup } from './discovery.ts';

export class StaticDiscovery implements TargetDiscovery {
  readonly #groups: readonly TargetGroup[];
  #closed = false;

  constructor(groups: readonly TargetGroupDocument[]) {
    this.#groups = groups.map((group, index) => targetGroup(group, String(index)));
  }

  async start(onGroups: (groups: readonly TargetGroup[]) => void): Promise<void> {
    if (!this.#closed) onGroups(this.#groups);
  }

  close(): void {
    this.#closed = true;
  }
}

export function targetGroup({ targets, labels }: TargetGroupDocument, source: string): TargetGroup {
  return { source, labels, targets: targets.map((address) => ({ __address__: address })) };
}
