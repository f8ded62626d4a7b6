/** Event rows as columns: of the tables that get many rows a second, so that none of them crosses to the store as an object. */

export const BATCHED_TABLES = ['orders', 'fills', 'quotes'] as const;
export type BatchedTable = (typeof BATCHED_TABLES)[number];

/** Of one field; rows stand in the order of arrival. */
export type EventColumn =
  /** NaN stands for null. */
  | { readonly kind: 'numbers'; readonly items: Float64Array }
  /** Stamps, or a feed's own numbers, which fill 64 bits without a sign. `isNull`: 1 where there is none. */
  | { readonly kind: 'stamps'; readonly items: BigInt64Array; readonly isNull: Uint8Array }
  | { readonly kind: 'counts'; readonly items: BigUint64Array; readonly isNull: Uint8Array }
  /** Few different ones. */
  | { readonly kind: 'texts'; readonly codes: Uint32Array; readonly texts: readonly string[] }
  | { readonly kind: 'ids'; readonly texts: readonly string[] };

export interface EventBatch {
  readonly table: BatchedTable;
  readonly rowCount: number;
  /** By the field of the row. */
  readonly columns: Readonly<Record<string, EventColumn>>;
}
