/**
 * The latest alerts in memory, an entry each from its beginning on: what it said, whether it still fires, and how long it
 * has been so. The changes behind them are in the store for as long as `store.retention.transitionsHours` says; this is what
 * answers at once, and it begins with the process.
 */
import type { AlertObject } from '@tapewatch/contract';
import type { AlertRecord } from '../ports.ts';

const MS_PER_MINUTE = 60_000;

interface Entry {
  /** As it began. */
  readonly alert: AlertObject;
  /** Beside it and not in it: one more property on a copy of so many would double what an entry takes. */
  resolvedAt: string | null;
}

export class AlertHistory {
  readonly #bound: number;
  /** In order of their beginning. */
  readonly #entries = new Map<string, Entry>();

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** A beginning, or an end; an end whose beginning is not here any more says nothing. */
  take(alert: AlertObject): void {
    const known = this.#entries.get(alert.alert_id);
    if (alert.status === 'resolved') {
      if (known !== undefined) known.resolvedAt = alert.timestamp;
      return;
    }
    if (known !== undefined || this.#bound === 0) return;
    this.#entries.set(alert.alert_id, { alert, resolvedAt: null });
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#bound) break;
      this.#entries.delete(id);
    }
  }

  /** Newest first. `severity` in any spelling; absent: all. */
  list({ nowMs, severity, limit }: { nowMs: number; severity?: string | undefined; limit: number }): AlertRecord[] {
    const wanted = severity?.toLowerCase();
    return [...this.#entries.values()]
      .reverse()
      .filter(({ alert }) => wanted === undefined || alert.severity === wanted)
      .slice(0, limit)
      .map(({ alert, resolvedAt }) => ({
        ...alert,
        status: resolvedAt === null ? alert.status : 'resolved',
        resolved_at: resolvedAt,
        duration_minutes: minutesBetween(alert.timestamp, resolvedAt === null ? nowMs : Date.parse(resolvedAt)),
      }));
  }
}

function minutesBetween(from: string, toMs: number): number {
  return Math.max(0, toMs - Date.parse(from)) / MS_PER_MINUTE;
}
