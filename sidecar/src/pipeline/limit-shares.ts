/**
 * Exact shares under declared limits, such as those of an SLO. A histogram tells the share under a limit only to within the
 * bucket that the limit divides. So each observation of a metric with limits is, for each of them, also an observation of 1
 * (at or below it) or 0 of the series `<metric>_within{limit="..."}`. That is a distribution like any other: it merges
 * over series and time, late ones revise it, and its average (`histogram_avg`) is the share, to the last digit.
 */
import { Labels, METRIC_NAME, type MetricKind } from '@tapewatch/core';

/** Limits of distributions whose exact shares are kept, by metric name, in the unit of its observations. */
export type DeclaredLimits = Readonly<Record<string, readonly number[]>>;

/** A series of shares: its reference, and the limit that it is about. */
export interface LimitShare {
  readonly ref: number;
  readonly limit: number;
}

interface Interned {
  readonly labels: Labels;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly help: string;
}

/** Series whose shares are known; past it all are looked up anew. */
const MAX_KNOWN = 1_000_000;
const NONE: readonly LimitShare[] = [];

export class LimitShares {
  readonly #limits: ReadonlyMap<string, readonly number[]>;
  readonly #labelsOf: (ref: number) => Labels | undefined;
  readonly #known = new Map<number, readonly LimitShare[]>();

  constructor(limits: DeclaredLimits, labelsOf: (ref: number) => Labels | undefined) {
    this.#limits = new Map(Object.entries(limits));
    this.#labelsOf = labelsOf;
  }

  /** Of an observed series. `intern` makes a series or refuses it (not positive), which is tried again at the next observation. */
  of(ref: number, intern: (series: Interned) => number): readonly LimitShare[] {
    if (this.#limits.size === 0) return NONE;
    const known = this.#known.get(ref);
    if (known !== undefined) return known;
    const labels = this.#labelsOf(ref);
    const limits = labels === undefined ? undefined : this.#limits.get(labels.metricName);
    const shares = limits?.map((limit) => ({ ref: intern(shareSeries(labels as Labels, limit)), limit })) ?? NONE;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    if (shares.every((share) => share.ref > 0)) this.#known.set(ref, shares);
    return shares;
  }
}

function shareSeries(labels: Labels, limit: number): Interned {
  const name = labels.metricName;
  return {
    labels: Labels.from([...labels.pairs, [METRIC_NAME, `${name}_within`], ['limit', String(limit)]]),
    kind: 'observation',
    unit: 'ratio',
    help: `1 for each observation of ${name} at or below the limit, else 0: histogram_avg is the share within it.`,
  };
}
