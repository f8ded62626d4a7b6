/**
 * Options of `tapewatch simulate` and `tapewatch replay`: one schema each, defaults included, texts for `--help`.
 */
import { z } from 'zod';

const seconds = z.coerce.number().positive();

const publishing = z.object({
  nats: z.string().min(1).default('nats://127.0.0.1:4222').describe('NATS servers, separated by commas'),
  user: z.string().default('').describe('NATS user'),
  password: z.string().default('').describe('NATS password'),
  credentials: z.string().default('').describe('NATS credentials file (.creds)'),
  seed: z.string().default('1').describe('same seed, same desk'),
  rate: z.coerce.number().positive().max(50_000).default(25).describe('mean orders a second'),
  speed: z.coerce.number().positive().max(1_000).default(1).describe('how much faster than the clock'),
  duration: seconds.optional().describe('seconds until it ends; default: until interrupted'),
  incidents: z
    .string()
    .default('standard')
    .describe('standard, none, or kind@start+duration[/every][:target],... (slow-hop, venue-outage, volatility)'),
  ledger: z.string().default('').describe('file that takes down everything published (NDJSON)'),
  probeAt: z.coerce.number().nonnegative().optional().describe('second at which demo_probe rises to 1'),
  probeHold: seconds.default(5).describe('seconds it stays there'),
  quiet: z.boolean().default(false).describe('no progress line'),
});

export const simulateOptions = publishing.extend({
  quotes: z.coerce.number().positive().max(1_000).default(4).describe('mean quotes a second of each listing'),
});

export const replayOptions = publishing.extend({
  market: z.string().min(1).describe('folder of recorded feeds in the Binance format (spot/*.gz, usdm/*.gz)'),
  loop: z.boolean().default(false).describe('begin again at the end'),
});

export type SimulateOptions = z.infer<typeof simulateOptions>;
export type ReplayOptions = z.infer<typeof replayOptions>;
export type PublishingOptions = z.infer<typeof publishing>;
