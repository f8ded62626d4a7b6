/** What a run of kills found, and what of it is wrong. */
import { CLEAN, type faultsOf } from '../fault/ledger.ts';

/** What row 1 promises. One start among many may be slower on a machine that does other work; the usual one may not. */
export const RESUME_LIMIT_MS = 5_000;

export interface CrashReport {
  readonly runs: number;
  /** Acknowledged by JetStream: entries of the ledger and order steps. */
  readonly messages: number;
  readonly lost: number;
  readonly doubled: number;
  /** Found though never published. */
  readonly foreign: number;
  readonly samples: number;
  readonly events: number;
  /** From a start to the first `/readyz` that says ok, milliseconds. */
  readonly resumeMsMedian: number;
  readonly resumeMsMax: number;
  readonly faults: Readonly<Record<keyof ReturnType<typeof faultsOf> | 'orders', readonly string[]>>;
}

/** Nothing of the ledger and of the orders may be wrong. */
export const NO_FAULTS: CrashReport['faults'] = { ...CLEAN, orders: [] };

/** Empty when nothing is wrong. */
export function wrongWith(report: CrashReport): string[] {
  const { runs, messages, lost, doubled, foreign, samples, events, resumeMsMedian, faults } = report;
  const checks: readonly (readonly [boolean, string])[] = [
    [runs > 0, 'nothing was killed'],
    [messages > 0 && samples > 0 && events > 0, `${messages} messages, ${samples} samples, ${events} order steps`],
    [lost === 0 && doubled === 0, `${lost} lost, ${doubled} doubled`],
    [foreign === 0, `${foreign} found that nobody published`],
    [Object.values(faults).every((some) => some.length === 0), 'the ledger or the orders are not clean'],
    [resumeMsMedian < RESUME_LIMIT_MS, `ready again after ${resumeMsMedian} ms at the median`],
  ];
  return checks.filter(([isRight]) => !isRight).map(([, what]) => what);
}

export interface OrderFaults {
  /** Acknowledged and not stored. */
  readonly missing: readonly string[];
  /** Stored more than once, or counted by another number than stored. */
  readonly doubled: readonly string[];
  readonly foreign: readonly string[];
}

/** Compares order ids: a lost and a doubled one do not cancel out. `stored`: rows by order id. */
export function judgeOrders(
  published: { readonly sent: ReadonlySet<string>; readonly acknowledged: ReadonlySet<string> },
  stored: ReadonlyMap<string, number>,
): OrderFaults {
  return {
    missing: [...published.acknowledged].filter((id) => !stored.has(id)),
    doubled: [...stored].filter(([, rows]) => rows > 1).map(([id, rows]) => `${id}: ${rows} rows`),
    foreign: [...stored.keys()].filter((id) => !published.sent.has(id)),
  };
}
