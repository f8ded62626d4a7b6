/**
 * Busts and amendments: what became of each execution. A correction names the execution it is about, or an earlier
 * correction of it, within the venue; the newest one counts (of equal stamps the larger id), whatever came in first. An
 * amended execution keeps its own stamp and takes the figures of the amendment. A bust or an amendment of an execution
 * that is not here books nothing: it waits for it.
 */
import type { Fill } from '../../model/event.ts';
import { byTimeAndId } from './fill-columns.ts';

/** Identity of an execution report: venues number their own. */
export function executionId({ venue, id }: { readonly venue: string; readonly id: string }): string {
  return `${venue}\u0000${id}`;
}

/** What stands, in order of time and id. Repeats of an id are dropped: the first one of the list stays. */
export function correctFills(fills: Iterable<Fill>): Fill[] {
  const rows = new Map<string, Fill>();
  for (const fill of fills) {
    const id = executionId(fill);
    if (!rows.has(id)) rows.set(id, fill);
  }
  const newest = new Map<string, Fill>();
  for (const correction of rows.values()) {
    if (correction.execution === 'new') continue;
    const root = rootOf(correction, rows);
    const known = newest.get(root);
    if (known === undefined || byTimeAndId(known, correction) < 0) newest.set(root, correction);
  }
  const standing: Fill[] = [];
  for (const [id, fill] of rows) {
    if (fill.execution !== 'new') continue;
    const result = applyCorrection(fill, newest.get(id));
    if (result !== undefined) standing.push(result);
  }
  return standing.sort(byTimeAndId);
}

/** Undefined when it is busted. */
function applyCorrection(fill: Fill, correction: Fill | undefined): Fill | undefined {
  if (correction === undefined) return fill;
  if (correction.execution === 'bust') return undefined;
  const { id, venue, timeNanos, orderId } = fill;
  return { ...correction, id, venue, timeNanos, orderId, execution: 'new', refersTo: '' };
}

/** Follows corrections of corrections to the execution; a circle ends where it was entered. */
export function rootOf(correction: Fill, rows: ReadonlyMap<string, Fill>): string {
  const seen = new Set<string>();
  let at = executionId({ venue: correction.venue, id: correction.refersTo });
  for (;;) {
    const row = rows.get(at);
    if (row === undefined || row.execution === 'new' || seen.has(at)) return at;
    seen.add(at);
    at = executionId({ venue: row.venue, id: row.refersTo });
  }
}
