/**
 * How the latest backup of the sidecar's own store went, under the names by which boards ask for it of any system
 * (docs/services.md): was it verified, and what did its verification find that does not belong together.
 */
import type { BackupView } from '../ports.ts';
import type { Collector } from './collector.ts';

const SYSTEM = 'tapewatch';

export function backupCollector(view: BackupView): Collector {
  return {
    group: 'backup',
    async collect() {
      const latest = view.latest();
      if (latest === undefined) return [];
      const common = { kind: 'gauge', unit: '1', labels: { system: SYSTEM } } as const;
      return [
        {
          ...{ ...common, name: 'backup_verification_success', value: latest.verified ? 1 : 0 },
          help: '1 when the last verification of the backup succeeded, else 0.',
        },
        {
          ...{ ...common, name: 'backup_inconsistencies', value: latest.problems },
          help: 'Files, tables and commits that the last verification found not to belong together.',
        },
      ];
    },
  };
}
