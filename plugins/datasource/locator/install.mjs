/**
 * Puts the locator beside plugin.json under the names that Grafana starts, one per platform: the same script each time.
 * Called by the build: `installLocator('dist/plugins/tapewatch-trading-datasource')`.
 */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const EXECUTABLE = 'gpx_tapewatch';
export const PLATFORMS = ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64'];

/** Returns the files written, each with mode 0755. */
export function installLocator(folder) {
  const source = fileURLToPath(new URL('./locator.sh', import.meta.url));
  mkdirSync(folder, { recursive: true });
  return PLATFORMS.map((platform) => {
    const target = join(folder, `${EXECUTABLE}_${platform}`);
    copyFileSync(source, target);
    chmodSync(target, 0o755);
    return target;
  });
}
