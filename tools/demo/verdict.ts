/**
 * Compares the ledger with what the sidecar answered: what was lost, whether counts and sums agree series by series,
 * whether the percentiles are within their bound, how long the alert took. Pure.
 */
import { exactQuantile } from './exact-quantile.ts';
import type { LedgerContent, LedgerTotal } from './ledger-reader.ts';

export interface Stored {
  readonly count: number;
  /** Undefined where the sum cannot be asked for (events). */
  readonly sum?: number;
}

export interface Answers {
  /** What is stored of a series; undefined when the sidecar does not know it. */
  readonly stored: (total: LedgerTotal) => Stored | undefined;
  /** `histogram_quantile` over all orders, seconds; NaN without an answer. */
  readonly quantile: (q: number) => number;
  /** When the webhook received the probe's alert; null when it did not. */
  readonly webhookMs: number | null;
}

/** The last line of `npm run demo -- --check`. */
export interface CheckReport {
  readonly published: number;
  readonly stored: number;
  readonly lost: number;
  readonly quantiles: readonly {
    readonly q: number;
    readonly sidecar: number;
    readonly exact: number;
    readonly bound: number;
  }[];
  readonly alertMs: number | null;
  readonly grafana: boolean;
}

export interface Verdict {
  readonly report: CheckReport;
  /** Why it failed; empty when everything is as it should be. */
  readonly problems: readonly string[];
}

export const QUANTILES = [0.5, 0.99, 0.999] as const;
export const MAX_ALERT_MS = 1_000;
/** Floating-point sums in another order differ in the last digits. */
const SUM_TOLERANCE = 1e-9;

export function judge(ledger: LedgerContent, answers: Answers, about: { bound: number; grafana: boolean }): Verdict {
  const samples = ledger.totals.filter(({ kind }) => kind !== 'latency');
  const published = sumOf(samples, ({ count }) => count);
  const stored = sumOf(samples, (total) => answers.stored(total)?.count ?? 0);
  const lost = sumOf(samples, (total) => Math.max(0, total.count - (answers.stored(total)?.count ?? 0)));
  const quantiles = QUANTILES.map((q) => ({
    q,
    sidecar: answers.quantile(q),
    exact: exactQuantile(q, ledger.latencies),
    bound: about.bound,
  }));
  const { webhookMs } = answers;
  const alertMs = webhookMs === null || ledger.probeMs === null ? null : webhookMs - ledger.probeMs;
  const report = { published, stored, lost, quantiles, alertMs, grafana: about.grafana };
  return {
    report,
    problems: [...ledgerProblems(ledger), ...seriesProblems(ledger, answers), ...reportProblems(report)],
  };
}

function ledgerProblems({ summary, probeMs, totals }: LedgerContent): string[] {
  const problems: string[] = [];
  if (summary === null) return ['the desk did not end in order: the ledger has no summary'];
  if (summary.unacknowledged > 0)
    problems.push(`${summary.unacknowledged} durable messages were never acknowledged by NATS`);
  const counted = sumOf(
    totals.filter(({ kind }) => kind !== 'latency'),
    ({ count }) => count,
  );
  if (counted !== summary.published)
    problems.push(`the ledger is torn: ${counted} items, ${summary.published} in its summary`);
  if (counted === 0) problems.push('nothing was published');
  if (probeMs === null) problems.push('the probe was never published');
  return problems;
}

const SHOWN_PROBLEMS = 5;

function seriesProblems({ totals }: LedgerContent, answers: Answers): string[] {
  const problems = totals.flatMap((total) => seriesProblem(total, answers.stored(total)) ?? []);
  const more = problems.length - SHOWN_PROBLEMS;
  return more > 0 ? [...problems.slice(0, SHOWN_PROBLEMS), `and ${more} more series differ`] : problems;
}

function seriesProblem(total: LedgerTotal, stored: Stored | undefined): string | undefined {
  const name = `${total.name}${JSON.stringify(total.labels)}`;
  if (stored === undefined) return `${name}: ${total.count} published, unknown to the sidecar`;
  if (stored.count < total.count) return `${name}: ${total.count} published, ${stored.count} stored`;
  if (stored.count > total.count) return `${name}: ${stored.count} stored, only ${total.count} published`;
  if (stored.sum === undefined) return undefined;
  const scale = Math.max(Math.abs(total.sum), Math.abs(stored.sum), 1e-9);
  return Math.abs(stored.sum - total.sum) / scale > SUM_TOLERANCE
    ? `${name}: the values published add up to ${total.sum}, those stored to ${stored.sum}`
    : undefined;
}

function reportProblems({ published, lost, quantiles, alertMs }: CheckReport): string[] {
  const problems = lost === 0 ? [] : [`${lost} of ${published} samples and events were lost`];
  for (const { q, sidecar, exact, bound } of quantiles) {
    // Written so that a missing answer (NaN) fails too.
    const within = Math.abs(sidecar - exact) <= bound * Math.abs(exact) * (1 + 1e-9);
    if (!within) problems.push(`p${100 * q}: the sidecar says ${sidecar} s, exact is ${exact} s: outside ${bound}`);
  }
  if (alertMs === null) problems.push('the webhook never received the alert');
  else if (alertMs >= MAX_ALERT_MS) problems.push(`the alert took ${alertMs} ms, ${MAX_ALERT_MS} ms are allowed`);
  else if (alertMs < 0) problems.push(`the alert came ${-alertMs} ms before its sample: the clocks cannot be trusted`);
  return problems;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
