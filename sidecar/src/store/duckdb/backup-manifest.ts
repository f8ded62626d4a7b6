/** What a backup's folder holds: `backup.json`, written last, names every file with its checksum and every table with its rows. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TapewatchError } from '../../errors.ts';

const MANIFEST = 'backup.json';
/** The database within the folder; its segments lie beside it, as those of any store. */
export const BACKUP_DATABASE = 'store.duckdb';

const manifestSchema = z.strictObject({
  version: z.literal(1),
  madeAt: z.string(),
  files: z.array(z.strictObject({ file: z.string(), bytes: z.number(), sha256: z.string() })),
  /** Of each table in the database file, as the snapshot had them. Absent in backups of releases that did not count. */
  rows: z.record(z.string(), z.number()).optional(),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

export async function writeManifest(folder: string, manifest: BackupManifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Throws `store.target` where there is none, `store.corrupt` where it cannot be read. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((cause: unknown) => {
    throw new TapewatchError('store.target', `${folder} has no ${MANIFEST}: it is no finished backup`, { cause });
  });
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TapewatchError('store.corrupt', `${join(folder, MANIFEST)} cannot be read; use another backup`, {
      cause,
    });
  }
}
