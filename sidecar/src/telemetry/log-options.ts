/** Settings of the log. */
import { z } from 'zod';

export const logOptions = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    format: z
      .enum(['auto', 'json', 'pretty'])
      .default('auto')
      .describe('auto: readable text on a terminal, else JSON lines'),
  })
  .prefault({});

export type LogOptions = z.output<typeof logOptions>;
