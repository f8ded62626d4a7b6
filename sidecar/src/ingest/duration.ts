/** A setting written as a Prometheus duration (`5m`, `1h30m`, `500ms`); milliseconds after parsing. */
import { parseDurationMs } from '@tapewatch/core';
import { z } from 'zod';

/** Longest setting: beyond it, nanoseconds of a duration would leave the exact integers of a double. */
const MAX_MS = 9_000_000_000;

export const durationSetting = z
  .string()
  .refine((text) => (parseDurationMs(text) ?? Infinity) <= MAX_MS, 'must be a duration such as 500ms, 30s, 5m or 24h')
  .transform((text) => parseDurationMs(text) as number);
