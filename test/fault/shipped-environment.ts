/** What the unit sets for the sidecar's process, which is what the image sets: how freed memory goes back to the system. */
import { readFileSync } from 'node:fs';

const UNIT = 'deploy/systemd/tapewatch.service';

export function shippedEnvironment(): Record<string, string> {
  const pairs = [...readFileSync(UNIT, 'utf8').matchAll(/^Environment=(\w+)=(\S+)$/gm)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value] as const)) as Record<string, string>;
}
