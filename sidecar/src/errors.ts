/**
 * The one registry of operating faults. A message names the thing, the value seen and the remedy. Codes are stable and
 * documented in docs/errors.md; every code has a test that produces it.
 */
export const ERROR_CODES = {
  'config.invalid': { status: 400, retryable: false },
  'query.parse': { status: 400, retryable: false },
  'query.invalid': { status: 400, retryable: false },
  'query.limit': { status: 422, retryable: false },
  'query.timeout': { status: 503, retryable: true },
  'query.cancelled': { status: 499, retryable: true },
  'query.execution': { status: 422, retryable: false },
  'trace.unknown': { status: 404, retryable: false },
  'sql.refused': { status: 400, retryable: false },
  'sql.unavailable': { status: 422, retryable: false },
  'auth.missing': { status: 401, retryable: false },
  'auth.denied': { status: 403, retryable: false },
  'rule.invalid': { status: 400, retryable: false },
  'intake.busy': { status: 503, retryable: true },
  'intake.too_large': { status: 413, retryable: false },
  'intake.encoding': { status: 415, retryable: false },
  'store.unavailable': { status: 503, retryable: true },
  'store.locked': { status: 503, retryable: false },
  'store.schema': { status: 500, retryable: false },
  'store.corrupt': { status: 500, retryable: false },
  'store.target': { status: 409, retryable: false },
  'source.unavailable': { status: 503, retryable: true },
  'source.rejected': { status: 502, retryable: false },
  'listen.refused': { status: 500, retryable: false },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class TapewatchError extends Error {
  override readonly name = 'TapewatchError';
  readonly code: ErrorCode;
  /** Machine-readable context, such as the position of a parse error: `{ from, to }` in UTF-16 units. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
