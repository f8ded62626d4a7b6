/**
 * The ledger of a fault test: what was published, as (series, sequence, integer value), and what the broker acknowledged.
 * The judge knows only it and the sidecar's HTTP answers. Each entry travels as two samples: a gauge whose value is the
 * sequence number, which shows what is missing or foreign, and an observation of an integer, whose count and sum show
 * what was counted twice. Integers below 2^53 add up exactly in any order.
 */
import { until } from '../../tools/demo/process.ts';
import type { Answers } from './answers.ts';

export const GAUGE = 'ledger_sequence';
export const OBSERVATION = 'ledger_seconds';

export interface Entry {
  readonly series: string;
  readonly sequence: number;
  readonly value: number;
  /** Distinct within a series. */
  readonly timeMs: number;
}

/** Of one series: sequence numbers with their values. */
type Entries = Map<number, Entry>;

export class Ledger {
  readonly #published = new Map<string, Entries>();
  readonly #acknowledged = new Map<string, Entries>();

  published(entry: Entry): void {
    put(this.#published, entry);
  }

  acknowledged(entry: Entry): void {
    put(this.#acknowledged, entry);
  }

  get series(): readonly string[] {
    return [...this.#published.keys()];
  }

  get publishedCount(): number {
    return count(this.#published);
  }

  get acknowledgedCount(): number {
    return count(this.#acknowledged);
  }

  publishedOf(series: string): Entries {
    return this.#published.get(series) ?? new Map<number, Entry>();
  }

  acknowledgedOf(series: string): Entries {
    return this.#acknowledged.get(series) ?? new Map<number, Entry>();
  }
}

export interface Verdict {
  /** Acknowledged entries. */
  readonly acknowledged: number;
  /** Acknowledged and not found. */
  readonly missing: readonly string[];
  /** Found more than once, by value or by the observation's count. */
  readonly doubled: readonly string[];
  /** Found though never published. */
  readonly foreign: readonly string[];
  /** Series whose sum or count of observations differs from that of the entries that were found. */
  readonly wrongSums: readonly string[];
  /** Distinct entries found. */
  readonly found: number;
}

export const CLEAN = { missing: [], doubled: [], foreign: [], wrongSums: [] } as const;

/** Compares sets. `range` must reach back to the first entry, such as `1h`. */
export async function judge(ledger: Ledger, answers: Answers, range = '1h'): Promise<Verdict> {
  const raw = bySeries(await answers.query(`${GAUGE}[${range}]`));
  const counts = bySeries(await answers.query(`histogram_count(${OBSERVATION})`));
  const sums = bySeries(await answers.query(`histogram_sum(${OBSERVATION})`));
  const verdict = {
    missing: [] as string[],
    doubled: [] as string[],
    foreign: [] as string[],
    wrongSums: [] as string[],
  };
  let found = 0;
  for (const series of ledger.series) {
    const values = (raw.get(series) ?? []).map(Number);
    const distinct = new Set(values);
    found += distinct.size;
    const published = ledger.publishedOf(series);
    for (const [sequence] of ledger.acknowledgedOf(series)) {
      if (!distinct.has(sequence)) verdict.missing.push(`${series}/${sequence}`);
    }
    if (values.length > distinct.size) verdict.doubled.push(`${series}: ${values.length - distinct.size} values twice`);
    for (const value of distinct) if (!published.has(value)) verdict.foreign.push(`${series}/${value}`);
    const expected = [...distinct].reduce((sum, sequence) => sum + (published.get(sequence)?.value ?? 0), 0);
    const [seen, sum] = [Number(counts.get(series)?.[0] ?? 0), Number(sums.get(series)?.[0] ?? 0)];
    if (seen > distinct.size) verdict.doubled.push(`${series}: ${seen} observations for ${distinct.size} entries`);
    if (seen !== distinct.size || sum !== expected) {
      verdict.wrongSums.push(`${series}: count ${seen} for ${distinct.size}, sum ${sum} for ${expected}`);
    }
  }
  return { acknowledged: ledger.acknowledgedCount, ...verdict, found };
}

/** Judges until nothing is missing and sums agree, or `timeoutMs` passed; the last verdict, good or bad. */
export async function judgeInTime(
  ledger: Ledger,
  answers: Answers,
  { timeoutMs = 60_000, range = '1h' }: { readonly timeoutMs?: number; readonly range?: string } = {},
): Promise<Verdict> {
  let last: Verdict | undefined;
  const ask = async (): Promise<Verdict | undefined> => {
    last = await judge(ledger, answers, range);
    return last.missing.length === 0 && last.wrongSums.length === 0 ? last : undefined;
  };
  try {
    return await until(ask, { what: 'a clean ledger', timeoutMs, everyMs: 300 });
  } catch (error) {
    if (last === undefined) throw error;
    return last;
  }
}

/** The parts of a verdict that must be empty, cut so that a failure can be read. */
export function faultsOf(verdict: Verdict): Readonly<Record<keyof typeof CLEAN, readonly string[]>> {
  const { missing, doubled, foreign, wrongSums } = verdict;
  return {
    missing: missing.slice(0, 5),
    doubled: doubled.slice(0, 5),
    foreign: foreign.slice(0, 5),
    wrongSums: wrongSums.slice(0, 5),
  };
}

function bySeries(found: Awaited<ReturnType<Answers['query']>>): Map<string, readonly string[]> {
  return new Map(found.map(({ metric, points }) => [metric['series'] ?? '', points.map(([, text]) => text)]));
}

function put(entries: Map<string, Entries>, entry: Entry): void {
  let ofSeries = entries.get(entry.series);
  if (ofSeries === undefined) entries.set(entry.series, (ofSeries = new Map()));
  ofSeries.set(entry.sequence, entry);
}

function count(entries: ReadonlyMap<string, Entries>): number {
  let sum = 0;
  for (const { size } of entries.values()) sum += size;
  return sum;
}
