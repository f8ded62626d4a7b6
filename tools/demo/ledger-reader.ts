/** Reads a ledger into totals by series. A torn last line (a killed publisher) is left out and told. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ledgerLine, type LedgerKind, type LedgerSummary } from '../../sidecar/src/simulate/ledger-format.ts';

export interface LedgerTotal {
  readonly kind: LedgerKind;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  count: number;
  sum: number;
}

export interface LedgerContent {
  readonly totals: readonly LedgerTotal[];
  /** Ascending, in seconds: the order latencies that were published. */
  readonly latencies: readonly number[];
  readonly probeMs: number | null;
  /** Null when the publisher did not end in order. */
  readonly summary: LedgerSummary | null;
}

export async function readLedger(path: string): Promise<LedgerContent> {
  const totals = new Map<number, LedgerTotal>();
  const latencies: number[] = [];
  let probeMs: number | null = null;
  let summary: LedgerSummary | null = null;
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const line = ledgerLine.safeParse(parse(text));
    if (!line.success) break;
    const { data } = line;
    if ('series' in data) {
      totals.set(data.series, { kind: data.kind, name: data.name, labels: data.labels, count: 0, sum: 0 });
    } else if ('add' in data) {
      for (const [id, count, sum] of data.add) add(totals, id, { count, sum });
      for (const [, values] of data.values) latencies.push(...values);
    } else if ('probe' in data) probeMs ??= data.probe.publishedMs;
    else summary = data.summary;
  }
  return { totals: [...totals.values()], latencies: latencies.sort((a, b) => a - b), probeMs, summary };
}

function add(totals: ReadonlyMap<number, LedgerTotal>, id: number, more: { count: number; sum: number }): void {
  const total = totals.get(id);
  if (total === undefined) throw new Error(`the ledger adds to series ${id}, which it never announced`);
  total.count += more.count;
  total.sum += more.sum;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
