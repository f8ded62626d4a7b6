/**
 * How well a feed of quotes serves: lost messages by its own sequence, the longest silence, and how long an exchange's
 * message takes to us (receipt minus the exchange's stamp minus how far our clock is ahead of theirs). Some venues number
 * their messages with jumps; a sequence is read as a count only where nearly all of its steps are exactly one.
 */
import { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import type { Quote } from '../../model/event.ts';
import type { FeedGap } from '../execution/benchmark.ts';

/** Share of steps of one from which on a sequence counts messages. */
export const COUNTING_SHARE = 0.9;

export interface FeedHealth {
  readonly messages: number;
  /** False where the sequence jumps by nature; gaps and lost messages are then not known. */
  readonly countsMessages: boolean;
  readonly gaps: readonly FeedGap[];
  readonly lostMessages: number | null;
  /** Messages whose sequence is not after that of the one before. */
  readonly repeated: number;
  /** Longest time between two messages; null below two. */
  readonly longestSilenceSeconds: number | null;
  /** From the exchange to us, seconds. Signed: a clock offset that is not known makes it negative. */
  readonly latency: ExponentialHistogram;
}

/** `quotes` of one feed, ascending by receipt. `clockOffsetSeconds`: our clock minus the exchange's. */
export function feedHealth(quotes: readonly Quote[], clockOffsetSeconds = 0): FeedHealth {
  const latency = new ExponentialHistogram();
  const jumps: { gap: FeedGap; lost: number }[] = [];
  let [steps, ones, repeated, silence] = [0, 0, 0, -1];
  quotes.forEach((quote, i) => {
    const { timeNanos, exchangeNanos, sequence, venue, symbol } = quote;
    if (exchangeNanos !== null) latency.observe(Number(timeNanos - exchangeNanos) / 1e9 - clockOffsetSeconds);
    const before = quotes[i - 1];
    if (before === undefined) return;
    silence = Math.max(silence, Number(timeNanos - before.timeNanos) / 1e9);
    if (sequence === null || before.sequence === null) return;
    const step = sequence - before.sequence;
    if (step <= 0n) repeated++;
    else {
      steps++;
      if (step === 1n) ones++;
      else {
        const gap = { venue, symbol, fromNanos: before.timeNanos, toNanos: timeNanos };
        jumps.push({ gap, lost: Number(step) - 1 });
      }
    }
  });
  const countsMessages = steps > 0 && ones / steps >= COUNTING_SHARE;
  return {
    messages: quotes.length,
    countsMessages,
    gaps: countsMessages ? jumps.map(({ gap }) => gap) : [],
    lostMessages: countsMessages ? jumps.reduce((sum, { lost }) => sum + lost, 0) : null,
    repeated,
    longestSilenceSeconds: silence < 0 ? null : silence,
    latency,
  };
}
