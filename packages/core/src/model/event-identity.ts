/**
 * What makes two rows the same event, so that taking one in twice is harmless. Ids of orders, fills, signals and cash
 * flows are unique for ever; rows that come in great numbers are told apart by their stamp too, so that a store finds a
 * repeat by its time and needs no index of all ids. Quotes, depth, health and business events have no identity.
 */
import type { EventRow, EventTable } from './event.ts';

/** Fields of the identity, by table. */
export const IDENTITY_FIELDS = {
  orders: ['id'],
  fills: ['venue', 'id'],
  signals: ['id'],
  cash_flows: ['id'],
  market_trades: ['timeNanos', 'venue', 'symbol', 'id'],
  positions: ['timeNanos', 'account', 'venue', 'strategy', 'symbol', 'kind'],
  fx_rates: ['timeNanos', 'base', 'quote', 'source'],
  spans: ['timeNanos', 'traceId', 'spanId'],
} as const satisfies Partial<{ readonly [T in EventTable]: readonly (keyof Extract<EventRow, { table: T }>)[] }>;

export type IdentifiedTable = keyof typeof IDENTITY_FIELDS;

export function isIdentified(table: EventTable): table is IdentifiedTable {
  return table in IDENTITY_FIELDS;
}

/** A text that is equal for repeats within a table; undefined where rows have no identity. */
export function identityOf(row: EventRow): string | undefined {
  const { table } = row;
  if (!isIdentified(table)) return undefined;
  const fields: readonly string[] = IDENTITY_FIELDS[table];
  if (fields.length === 1) return String(Reflect.get(row, fields[0] as string));
  return identityOfValues(fields.map((field) => Reflect.get(row, field) as unknown));
}

/** The same from the values of the identity's fields, of which there are several. */
export function identityOfValues(values: readonly unknown[]): string {
  return JSON.stringify(values.map(String));
}
