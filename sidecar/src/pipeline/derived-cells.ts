/**
 * The series of derived metrics, each found by its metric and the values of its labels without making a text of them: one look-up
 * for each value, of texts whose hashes are known. Past a bound all of it starts anew; totals that counters had are kept beside it.
 */
import { DERIVED_METRICS, type DerivedMetric } from '@tapewatch/contract';
import { Labels, METRIC_NAME } from '@tapewatch/core';
import { splitStamp } from './split-stamp.ts';
import { forgetFirst } from './rolling-mean.ts';

const BY_NAME: ReadonlyMap<string, DerivedMetric> = new Map(DERIVED_METRICS.map((metric) => [metric.name, metric]));
/** Cells in the cache; the registry's limits bound the series themselves. */
const MAX_CELLS = 100_000;
/** Totals that are kept beside the cache; past this the oldest go, and their counters start at zero again. */
const MAX_SEEDS = 1_000_000;

/** Where a counter stands: its total, and the stamp of the sample that told it. */
export interface CounterMark {
  readonly total: number;
  readonly timeNanos: bigint;
}

export interface DerivedCell {
  readonly labels: Labels;
  readonly metric: DerivedMetric;
  /** Of a counter. */
  total: number;
  /** Of a counter's newest sample; seconds below 0 before the first. */
  seconds: number;
  nanos: number;
  /** For whoever takes the samples: its number of the series, 0 until it is known, and for whom that was asked. */
  ref: number;
  askedFor: unknown;
}

type Node = Map<string, Node | DerivedCell>;

export class DerivedCells {
  #root: Node = new Map();
  #cells: DerivedCell[] = [];
  /** Counters from before a restart, until their first use. */
  readonly #seeds = new Map<string, CounterMark>();

  /** Continues a counter; `labels` include the metric name. */
  seed(labels: Labels, mark: CounterMark): void {
    this.#seeds.set(labels.key, mark);
    forgetFirst(this.#seeds, MAX_SEEDS);
  }

  get(name: string, values: readonly string[]): DerivedCell {
    let node: Node | DerivedCell | undefined = this.#root.get(name);
    for (let i = 0; i < values.length && node !== undefined; i++) node = (node as Node).get(values[i] as string);
    return (node as DerivedCell | undefined) ?? this.#add(name, values);
  }

  #add(name: string, values: readonly string[]): DerivedCell {
    if (this.#cells.length >= MAX_CELLS) this.#startAnew();
    const cell = this.#make(definitionOf(name), values);
    this.#cells.push(cell);
    const path = [name, ...values];
    const last = path.pop() as string;
    let node = this.#root;
    for (const step of path) {
      let next = node.get(step) as Node | undefined;
      if (next === undefined) node.set(step, (next = new Map()));
      node = next;
    }
    node.set(last, cell);
    return cell;
  }

  #make(metric: DerivedMetric, values: readonly string[]): DerivedCell {
    const labels = Labels.from([
      [METRIC_NAME, metric.name],
      ...metric.labels.map((label, i) => [label, values[i] ?? ''] as const),
    ]);
    const cell: DerivedCell = { labels, metric, total: 0, seconds: -1, nanos: 0, ref: 0, askedFor: undefined };
    const mark = this.#seeds.get(labels.key);
    if (mark === undefined) return cell;
    this.#seeds.delete(labels.key);
    cell.total = mark.total;
    splitStamp(mark.timeNanos, cell);
    return cell;
  }

  #startAnew(): void {
    for (const { labels, total, seconds, nanos } of this.#cells) {
      if (total !== 0) this.seed(labels, { total, timeNanos: BigInt(seconds) * 1_000_000_000n + BigInt(nanos) });
    }
    this.#root = new Map();
    this.#cells = [];
  }
}

function definitionOf(name: string): DerivedMetric {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`bug: ${name} is not listed in DERIVED_METRICS`);
  return found;
}
