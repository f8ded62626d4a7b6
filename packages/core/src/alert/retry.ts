/** When to try a failed delivery again: exponential backoff with full jitter, bounded in tries and in time. */

export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  readonly maxAttempts: number;
  /** From the first attempt's start; no attempt begins after it. */
  readonly overallMs: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

export interface FailedAttempt {
  /** 1 after the first attempt. */
  readonly attempts: number;
  readonly elapsedMs: number;
  /** What the receiver asked for (`Retry-After`); waited out in full when the overall bound allows. */
  readonly retryAfterMs?: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/** Milliseconds to wait, or undefined to give up. */
export function retryDelayMs(policy: RetryPolicy, failed: FailedAttempt): number | undefined {
  if (failed.attempts >= policy.maxAttempts) return undefined;
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** (failed.attempts - 1));
  // Half fixed, half random: never at once again, and never all receivers in step.
  const backoff = ceiling / 2 + (ceiling / 2) * failed.random;
  const delay = Math.max(backoff, failed.retryAfterMs ?? 0);
  return failed.elapsedMs + delay < policy.overallMs ? delay : undefined;
}
