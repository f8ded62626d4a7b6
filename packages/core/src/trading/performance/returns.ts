/**
 * Returns of an equity series. Money that comes in or goes out is no profit: modified Dietz divides the gain by the
 * capital that worked, each flow weighted with the share of the period that it was there. Source: P. O. Dietz, "Pension
 * Funds: Measuring Investment Performance", 1966; CFA Institute GIPS, "Calculation Methodology".
 */

export interface EquityPoint {
  readonly timeNanos: bigint;
  /** Capital plus profit, in one currency. */
  readonly equity: number;
}

/** Positive: paid in; negative: taken out. */
export interface EquityFlow {
  readonly timeNanos: bigint;
  readonly amount: number;
}

export interface PeriodReturns {
  /** Fractions: 0.01 is one per cent. */
  readonly returns: readonly number[];
  /** Of the first and the last point that counted; equal when there is no return. */
  readonly fromNanos: bigint;
  readonly toNanos: bigint;
  /** The equity reached zero: the series ends with the period in which it did, and no ratio over it means anything. */
  readonly ruined: boolean;
}

/**
 * One return per pair of neighbouring points, both in ascending order of time; flows within (earlier, later] belong to
 * the later one. Stops at the first capital that is not positive. O(points + flows).
 */
export function periodReturns(points: readonly EquityPoint[], flows: readonly EquityFlow[] = []): PeriodReturns {
  const returns: number[] = [];
  const [first] = points;
  const fromNanos = first?.timeNanos ?? 0n;
  let toNanos = fromNanos;
  let next = 0;
  while (next < flows.length && (flows[next] as EquityFlow).timeNanos <= fromNanos) next++;
  let ruined = first !== undefined && first.equity <= 0;
  for (let i = 1; i < points.length && !ruined; i++) {
    const [start, end] = [points[i - 1] as EquityPoint, points[i] as EquityPoint];
    const from = next;
    while (next < flows.length && (flows[next] as EquityFlow).timeNanos <= end.timeNanos) next++;
    const value = modifiedDietz(start, end, flows.slice(from, next));
    ruined = end.equity <= 0 || value === null;
    if (value === null) break;
    returns.push(value);
    toNanos = end.timeNanos;
  }
  return { returns, fromNanos, toNanos, ruined };
}

/**
 * (E1 - E0 - F) / (E0 + sum of w F), where w is the share of the period left after the flow. Null where the capital at
 * the start, or the one that worked, is not positive.
 */
export function modifiedDietz(start: EquityPoint, end: EquityPoint, flows: readonly EquityFlow[]): number | null {
  const length = Number(end.timeNanos - start.timeNanos);
  let total = 0;
  let weighted = 0;
  for (const { timeNanos, amount } of flows) {
    total += amount;
    weighted += length > 0 ? (amount * Number(end.timeNanos - timeNanos)) / length : 0;
  }
  const capital = start.equity + weighted;
  return start.equity > 0 && capital > 0 ? (end.equity - start.equity - total) / capital : null;
}

/** Growth of one unit over all returns, minus one. */
export function compoundReturn(returns: readonly number[]): number {
  return returns.reduce((growth, value) => growth * (1 + value), 1) - 1;
}

/** Equity of one unit after each return, the start included: what drawdown of returns is measured on. */
export function equityOfReturns(returns: readonly number[]): number[] {
  let equity = 1;
  return [1, ...returns.map((value) => (equity *= 1 + value))];
}
