/**
 * What live clients are told (REQUIREMENTS.md 13): metrics that changed, at most once a second and with their latest
 * values; alerts and health when they change; heartbeat and status with the loop of broadcasts. Nothing is read while
 * nobody listens. The types that the sources name are `health_update` and `safety_update`; the others are ours (CON-19).
 */
import type { Fill, Transition } from '@tapewatch/core';
import type { Clock, Logger, Progress, StoreReader } from '../ports.ts';

export const LIVE_TYPES = {
  HEARTBEAT: 'heartbeat',
  STATUS: 'status',
  METRICS_UPDATE: 'metrics_update',
  ALERT_UPDATE: 'alert_update',
  HEALTH_UPDATE: 'health_update',
  SAFETY_UPDATE: 'safety_update',
} as const;

const TICK_MS = 1_000;
/** Names in one update; the others follow with the next one. */
const MAX_NAMES = 200;
const MAX_SERIES = 2_000;
const MAX_TRADES = 10_000;
const TRADE_METRIC = 'fills_total';
/** How far back, and how long after a change, fills are looked for. */
const LOOK_NANOS = 10_000_000_000n;

export interface LiveMetric {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

export interface UpdatesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
  readonly reader: Pick<StoreReader, 'events'>;
  readonly broadcast: (update: { readonly type: string; readonly data: unknown }) => void;
  readonly listening: () => boolean;
  /** Latest values of the named metrics. */
  readonly latest: (names: readonly string[], maxSeries: number) => Promise<readonly LiveMetric[]>;
  /** Undefined while nobody wants to hear of trades. */
  readonly onTrade: () => ((fill: Fill) => void) | undefined;
  readonly status: () => Promise<object>;
}

export interface Updates {
  alert(transition: Transition): void;
  health(change: object): void;
  /** The loop of broadcasts. */
  heartbeat(): Promise<void>;
  close(): void;
}

export function startUpdates(deps: UpdatesDeps): Updates {
  const { clock, progress, broadcast } = deps;
  const changed = new Set<string>();
  let beats = 0;
  const trades = new TradeTeller(deps);
  let busy = false;
  const stopListening = progress.onAdvance((names) => {
    for (const name of names) changed.add(name);
  });
  const tick = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      if (changed.has(TRADE_METRIC)) trades.expect();
      await trades.tell();
      if (changed.size > 0) await tellMetrics(deps, changed);
    } catch (error) {
      deps.log.debug({ err: error }, 'Live updates could not be read; the next second tries again.');
    } finally {
      busy = false;
    }
  };
  const stopTick = clock.every(TICK_MS, () => void tick());
  return {
    alert: ({ labels, annotations, from, to, reason, value, timeNanos }) =>
      broadcast({
        type: LIVE_TYPES.ALERT_UPDATE,
        data: {
          labels: labels.toRecord(),
          annotations,
          from,
          to,
          reason,
          value,
          timeMs: Number(timeNanos / 1_000_000n),
        },
      }),
    health: (change) => broadcast({ type: LIVE_TYPES.HEALTH_UPDATE, data: change }),
    async heartbeat() {
      beats += 1;
      broadcast({ type: LIVE_TYPES.HEARTBEAT, data: { beat: beats } });
      broadcast({ type: LIVE_TYPES.STATUS, data: await deps.status() });
    },
    close() {
      stopListening();
      stopTick();
    },
  };
}

async function tellMetrics({ latest, broadcast, listening }: UpdatesDeps, changed: Set<string>): Promise<void> {
  const names = [...changed].sort().slice(0, MAX_NAMES);
  for (const name of names) changed.delete(name);
  if (!listening()) return;
  const metrics = await latest(names, MAX_SERIES);
  if (metrics.length > 0) broadcast({ type: LIVE_TYPES.METRICS_UPDATE, data: { metrics } });
}

/**
 * Tells each fill once. A fill's row may be readable a moment after its metric changed, and late ones come before those
 * told already, so the last seconds are read again for a while and known ids are passed over.
 */
class TradeTeller {
  readonly #deps: UpdatesDeps;
  readonly #known = new Set<string>();
  readonly #startNanos: bigint;
  #untilNanos = 0n;

  constructor(deps: UpdatesDeps) {
    this.#deps = deps;
    this.#startNanos = deps.clock.now();
  }

  expect(): void {
    this.#untilNanos = this.#deps.clock.now() + LOOK_NANOS;
  }

  async tell(): Promise<void> {
    const { clock, reader, onTrade } = this.#deps;
    const now = clock.now();
    const tell = onTrade();
    if (tell === undefined || now > this.#untilNanos) return;
    const from = now - LOOK_NANOS > this.#startNanos ? now - LOOK_NANOS : this.#startNanos;
    const fills = await reader.events('fills', { startNanos: from, endNanos: now, limit: MAX_TRADES });
    for (const fill of fills) {
      if (this.#known.has(fill.id)) continue;
      this.#known.add(fill.id);
      tell(fill);
    }
    for (const id of this.#known) {
      if (this.#known.size <= MAX_TRADES) break;
      this.#known.delete(id);
    }
  }
}
