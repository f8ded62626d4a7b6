/**
 * What could be improved, as a list with the evidence beside it: a group that costs more than the others under the same
 * conditions (with an interval that leaves zero out), one that is refused more often than all together, one whose fills the
 * market turns against at once. Only what the data show beyond chance is listed, the largest saving first.
 */
import { wilsonInterval, type Estimate } from '../../stats/wilson.ts';
import type { ExecutionRow, GroupKey } from './execution-book.ts';

export const OPPORTUNITY_KINDS = ['costlier_than_others', 'rejected_more_often', 'adverse_selection'] as const;
export type OpportunityKind = (typeof OPPORTUNITY_KINDS)[number];

export interface Opportunity extends GroupKey {
  readonly kind: OpportunityKind;
  /** Basis points for costs and selection, a share for rejects. */
  readonly excess: Estimate;
  /** Money over the range, in the currency of the group; null where it is no matter of price. */
  readonly saving: number | null;
  /** Buckets, orders or fills that it rests on. */
  readonly evidence: number;
}

/** Fewer buckets than this that hold both do not carry an advice. */
export const MIN_BUCKETS = 8;

export function findOpportunities(rows: readonly ExecutionRow[]): Opportunity[] {
  const refused = rows.reduce((sum, { rates }) => sum + countOf(rates.rejects), 0);
  return rows
    .flatMap((row) => [costlier(row), refusedMore(row, rows, refused), selected(row)])
    .filter((found) => found !== null)
    .sort((a, b) => (b.saving ?? 0) - (a.saving ?? 0) || b.excess.value - a.excess.value);
}

function costlier(row: ExecutionRow): Opportunity | null {
  const { difference, buckets } = row.comparison;
  if (difference === null || buckets < MIN_BUCKETS || !((difference.lower ?? 0) > 0)) return null;
  const saving = (difference.value / 1e4) * row.notional;
  return { ...keyOf(row), kind: 'costlier_than_others', excess: difference, saving, evidence: buckets };
}

/** The interval of the group lies above the rate of all the others together. */
function refusedMore(row: ExecutionRow, rows: readonly ExecutionRow[], refused: number): Opportunity | null {
  const own = row.rates.rejectRate;
  const othersAnswered = rows.reduce((sum, one) => sum + (one === row ? 0 : one.rates.answered), 0);
  if (own === null || !(othersAnswered > 0)) return null;
  const othersRefused = refused - countOf(row.rates.rejects);
  const others = wilsonInterval(othersRefused, othersAnswered);
  if (others === null || !((own.lower ?? 0) > (others.upper ?? 1))) return null;
  const excess: Estimate = {
    value: own.value - others.value,
    lower: (own.lower ?? 0) - (others.upper ?? 1),
    upper: (own.upper ?? 1) - (others.lower ?? 0),
  };
  return { ...keyOf(row), kind: 'rejected_more_often', excess, saving: null, evidence: row.rates.orders };
}

/** A realised spread that is a cost: the mid moved against the fills by more than they had earned. Makers only earn one. */
function selected(row: ExecutionRow): Opportunity | null {
  const { effectiveSpreadBps: effective, realisedSpreadBps: realised } = row;
  if (effective === null || realised === null) return null;
  if (!(effective < 0 && (realised.lower ?? 0) > 0)) return null;
  const saving = (realised.value / 2e4) * row.notional;
  return { ...keyOf(row), kind: 'adverse_selection', excess: realised, saving, evidence: row.fills };
}

function keyOf({ group, currency }: GroupKey): GroupKey {
  return { group, currency };
}

function countOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
