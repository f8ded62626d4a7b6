/**
 * How long a repeated alert is held back, by severity, in seconds. Keys as in REQUIREMENTS.md 15. An alert that begins
 * again within its time is told when the time is over, if it still fires then. A higher severity is never held back.
 */
import { z } from 'zod';

const seconds = z.number().min(0).max(86_400);

export const suppressionOptions = z
  .strictObject({
    cooldown_warning: seconds.default(300),
    cooldown_critical: seconds.default(60),
    deduplication_window: seconds.default(300).describe('for INFO and ERROR; EMERGENCY is never held back'),
  })
  .prefault({});

export type SuppressionOptions = z.output<typeof suppressionOptions>;
