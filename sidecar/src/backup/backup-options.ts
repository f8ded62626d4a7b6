/** Backups that the sidecar makes by itself. Those that an administrator asks for need no setting. */
import { z } from 'zod';

export const backupOptions = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe('on this machine; each backup is a folder in it, named by its time; without one none is made'),
    everyHours: z.number().min(0.1).max(8_760).default(24).describe('from one backup to the next, over restarts too'),
    keep: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(7)
      .describe('past it the oldest goes, once a newer one is verified'),
  })
  .prefault({});

export type BackupOptions = z.output<typeof backupOptions>;
