/** Waiting that goes by the injected clock, so that tests need no real time. */
import type { Clock } from '../ports.ts';

/** Calls back once; the returned function calls it off. */
export function after(clock: Clock, delayMs: number, callback: () => void): () => void {
  const stop = clock.every(Math.max(1, Math.ceil(delayMs)), () => {
    stop();
    callback();
  });
  return stop;
}

/** Resolves after the delay, or at once when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = after(clock, delayMs, done);
    signal.addEventListener('abort', done);
  });
}

/** Runs the work with a signal that aborts at the deadline; rejects with `message` when the work ignores it. */
export async function withDeadline<T>(
  clock: Clock,
  { timeoutMs, message }: { timeoutMs: number; message: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let stop = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    stop = after(clock, timeoutMs, () => {
      const error = new Error(message);
      controller.abort(error);
      reject(error);
    });
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    stop();
  }
}
