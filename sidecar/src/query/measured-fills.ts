/**
 * Fills as columns with the mid at their order's arrival, added up by group. Groups, not fills, carry the dimensions: which
 * sums a group's fills belong to is found once, and a fill then costs a few additions.
 */
import {
  NO_ORDER,
  SlippageCell,
  slippageRow,
  type FillColumns,
  type FillGroup,
  type NoBenchmarkReason,
  type SlippageDimension,
  type SlippageRow,
} from '@tapewatch/core';

export interface ArrivalMids {
  /** By order; NaN where there is none. */
  readonly mids: Float64Array;
  /** By order, where there is none; default: no quote. */
  readonly reasons: ReadonlyMap<number, NoBenchmarkReason>;
}

export class MeasuredFills {
  readonly #columns: FillColumns;
  readonly #orders: Uint32Array;
  readonly #mids: ArrivalMids;

  constructor(columns: FillColumns, orders: Uint32Array, mids: ArrivalMids) {
    this.#columns = columns;
    this.#orders = orders;
    this.#mids = mids;
  }

  get size(): number {
    return this.#columns.timesMs.length;
  }

  timeMs(row: number): number {
    return this.#columns.timesMs[row] as number;
  }

  /** For `rows`; the same for all stretches of fills. */
  layout(by: readonly SlippageDimension[]): SlippageLayout {
    return new SlippageLayout(by, this.#columns.groups);
  }

  /** Of fills `from` to `to`, the latter exclusive, in ascending order of group. `orders` are counted where they are asked for. */
  rows({ kinds, kindOf }: SlippageLayout, from: number, to: number, countOrders = false): SlippageRow[] {
    const { group, quantities, prices } = this.#columns;
    const { mids, reasons } = this.#mids;
    const cells = new Array<SlippageCell | undefined>(kinds.length).fill(undefined);
    const owners = countOrders ? new OrderOwners(mids.length) : undefined;
    for (let row = from; row < to; row++) {
      const quantity = quantities[row] as number;
      const isSale = quantity < 0 || Object.is(quantity, -0);
      const kind = kindOf[(group[row] as number) * 2 + (isSale ? 1 : 0)] as number;
      const cell = (cells[kind] ??= cellOf(kinds[kind]));
      const order = this.#orders[row] as number;
      const mid = order === NO_ORDER ? NaN : (mids[order] as number);
      if (order === NO_ORDER) cell.exclude('no_order');
      else if (mid !== mid) cell.exclude(reasons.get(order) ?? 'no_quote');
      else {
        owners?.count(order, kind, cell);
        cell.add(quantity, prices[row] as number, mid);
      }
    }
    return cells.filter((cell) => cell !== undefined).map(slippageRow);
  }
}

interface Kind {
  readonly values: readonly string[];
  readonly currency: string;
}

function cellOf(kind: Kind | undefined): SlippageCell {
  return new SlippageCell(kind?.values ?? [], kind?.currency ?? '');
}

export class SlippageLayout {
  /** What fills are added up by, in the order of rows. */
  readonly kinds: readonly Kind[];
  /** By twice the number of a group, one more for its sales. */
  readonly kindOf: Uint32Array;

  constructor(by: readonly SlippageDimension[], groups: readonly FillGroup[]) {
    const ids = groups.flatMap((group) =>
      (['buy', 'sell'] as const).map((side) => {
        const fill = { ...group, side };
        return JSON.stringify([by.map((dimension) => fill[dimension]), group.currency]);
      }),
    );
    const sorted = [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1));
    const numbers = new Map(sorted.map((id, number) => [id, number]));
    this.kindOf = Uint32Array.from(ids, (id) => numbers.get(id) as number);
    this.kinds = sorted.map((id) => {
      const [values, currency] = JSON.parse(id) as [string[], string];
      return { values, currency };
    });
  }
}

/** Counts each order once a cell. The first kind that has a fill of it owns it, which is a number an order; others use sets. */
class OrderOwners {
  readonly #owner: Int32Array;

  constructor(orders: number) {
    this.#owner = new Int32Array(orders).fill(-1);
  }

  count(order: number, kind: number, cell: SlippageCell): void {
    const owner = this.#owner[order] as number;
    if (owner === kind) return;
    if (owner >= 0) {
      cell.orders.add(order);
      return;
    }
    this.#owner[order] = kind;
    cell.ownOrders++;
  }
}
