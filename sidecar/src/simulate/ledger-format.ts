/**
 * The ledger: what a publisher really published, one JSON object a line, written by the publisher's own process. A
 * checker that knows nothing else can compare it with what the sidecar answers. Series are announced once and then meant
 * by number; counts and sums are additions since the line before. The last line is the summary; without it the
 * publisher did not end in order.
 */
import { z } from 'zod';

/**
 * `gauge`, `counter`, `observation`: samples. `event`: orders, fills, quotes, heartbeats, under the name and labels of the
 * counter derived from them. `latency`: what the sidecar derives from orders, not published itself; its values are kept.
 */
export const ledgerKind = z.enum(['gauge', 'counter', 'observation', 'event', 'latency']);

export const ledgerSeries = z.object({
  series: z.number().int(),
  kind: ledgerKind,
  name: z.string(),
  labels: z.record(z.string(), z.string()),
});

export const ledgerAdd = z.object({
  /** Milliseconds since 1970 at which the line was written. */
  at: z.number(),
  /** Series, count, sum of values. */
  add: z.array(z.tuple([z.number().int(), z.number(), z.number()])),
  /** Series, then its new values in the order of publishing. */
  values: z.array(z.tuple([z.number().int(), z.array(z.number())])),
});

/** When the sample that breaches the probe's rule left. */
export const ledgerProbe = z.object({ probe: z.object({ publishedMs: z.number() }) });

export const ledgerSummary = z.object({
  summary: z.object({
    startedMs: z.number(),
    endedMs: z.number(),
    published: z.number().int(),
    messages: z.number().int(),
    /** Durable messages that the server never acknowledged: not published. */
    unacknowledged: z.number().int(),
  }),
});

export const ledgerLine = z.union([ledgerAdd, ledgerSeries, ledgerProbe, ledgerSummary]);

export type LedgerKind = z.infer<typeof ledgerKind>;
export type LedgerSeries = z.infer<typeof ledgerSeries>;
export type LedgerSummary = z.infer<typeof ledgerSummary>['summary'];
