/** Folders of a test file, which are gone when its tests are done. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The path of a new one; `name` tells whose it is while the tests run. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `tapewatch-${name}-`));
  folders.push(folder);
  return folder;
}
