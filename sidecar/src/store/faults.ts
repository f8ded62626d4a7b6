/** Faults that every store reports in the same words. */
import { TapewatchError } from '../errors.ts';

export function demandWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled();
}

export function cancelled(): TapewatchError {
  return new TapewatchError('query.cancelled', 'the query was cancelled by its caller before it was answered');
}

/** A bug of the caller: rows of a series must not come before its definition. */
export function unknownSeries(id: number): RangeError {
  return new RangeError(`series ${id} has rows in a batch but was never defined; define it in the same batch`);
}

/** The message of whatever was thrown; native modules may throw errors of another realm. */
export function reasonOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/**
 * True when the engine had less memory than it needed. Appenders and commits leave the kind of the error out; and it calls a
 * disk that has no room to spill to by the same name.
 */
export function isOutOfMemory(error: unknown): boolean {
  const reason = reasonOf(error);
  if (reason.includes('max_temp_directory_size')) return false;
  return /\bout of memory error\b|\b(?:could not allocate|failed to (?:allocate|pin|reserve))\b.*\bof size\b/i.test(
    reason,
  );
}
