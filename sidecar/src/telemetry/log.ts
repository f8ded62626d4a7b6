/**
 * The log: pino, JSON lines on stdout, readable text on a terminal. Secrets are cut out by path before a line is made,
 * whatever part of the sidecar hands them over.
 */
import pino from 'pino';
import pretty from 'pino-pretty';
import type { LogOptions } from './log-options.ts';

const SECRET_KEYS = [
  'authorization',
  'Authorization',
  'cookie',
  'credentials',
  'password',
  'passwd',
  'pass',
  'token',
  'tokens',
  'secret',
  'nkey',
  'seed',
  'nkeySeed',
  'creds',
  'apiKey',
];
/** pino's paths have no "anywhere" wildcard: the top level and three levels below it are covered. */
const REDACT_PATHS = SECRET_KEYS.flatMap((key) => ['', '*.', '*.*.', '*.*.*.'].map((prefix) => prefix + key));

export type RootLogger = pino.Logger;

/** `destination`: where the lines go instead of stdout. */
export function createLogger(options: LogOptions, destination?: pino.DestinationStream): RootLogger {
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true);
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACT_PATHS, censor: '[redacted]' },
    serializers: { err: pino.stdSerializers.err },
  };
  if (!isPretty) return destination === undefined ? pino(settings) : pino(settings, destination);
  return pino(
    settings,
    pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ...(destination && { destination }) }),
  );
}
