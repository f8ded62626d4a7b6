/**
 * Runs the desk against the clock and publishes what it says: `runSimulate` on a made-up market, `runReplay` on a
 * recorded one. The model knows no clock; this loop tells it every few milliseconds how far time has gone.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { connectNats } from './connect.ts';
import { fileSink, Ledger, noSink } from './ledger.ts';
import { MarketFolder } from './market-folder.ts';
import { Desk } from './model/desk.ts';
import { IncidentClock, parseSchedule } from './model/incident.ts';
import type { Market } from './model/market.ts';
import { Stamper } from './model/message.ts';
import { SyntheticMarket } from './model/synthetic-market.ts';
import {
  CRYPTO_VENUES,
  EQUITIES,
  EQUITY_VENUES,
  STRATEGIES,
  venueProfile,
  type VenueProfile,
} from './model/universe.ts';
import { Progress } from './progress.ts';
import { Publisher } from './publisher.ts';
import type { PublishingOptions, ReplayOptions, SimulateOptions } from './simulate-options.ts';

export interface RunResult {
  readonly published: number;
  readonly messages: number;
  /** Durable messages that the server never acknowledged. */
  readonly unacknowledged: number;
}

/** How often the desk is told the time: short against the alert's second, long against a turn of the loop. */
const TICK_MS = 10;
const LEDGER_FLUSH_MS = 100;

interface Stage {
  readonly market: Market;
  readonly venues: readonly VenueProfile[];
  /** Makes the market know everything up to an offset. */
  readonly fill: (untilNanos: number) => Promise<void>;
  readonly ended: () => boolean;
}

export async function runSimulate(options: SimulateOptions, signal: AbortSignal): Promise<RunResult> {
  const incidents = new IncidentClock(parseSchedule(options.incidents));
  const { seed, quotes: updatesPerSecond } = options;
  const shared = { seed, venues: EQUITY_VENUES, instruments: EQUITIES };
  const market = new SyntheticMarket({ ...shared, incidents, updatesPerSecond });
  return run(options, { market, venues: EQUITY_VENUES, fill: async () => undefined, ended: () => false }, signal);
}

export async function runReplay(options: ReplayOptions, signal: AbortSignal): Promise<RunResult> {
  const folder = new MarketFolder(options.market, { loop: options.loop });
  await folder.open();
  try {
    const known = CRYPTO_VENUES.filter(({ name }) => folder.venues.includes(name));
    const others = folder.venues.filter((name) => known.every((venue) => venue.name !== name)).map(venueProfile);
    const venues = [...known, ...others];
    const fill = (untilNanos: number): Promise<void> => folder.fill(untilNanos);
    return await run(options, { market: folder.market, venues, fill, ended: () => folder.ended }, signal);
  } finally {
    folder.close();
  }
}

async function run(options: PublishingOptions, stage: Stage, signal: AbortSignal): Promise<RunResult> {
  const connection = await connectNats(options, 'tapewatch-desk');
  const ledger = new Ledger(options.ledger === '' ? noSink : fileSink(options.ledger));
  const publisher = new Publisher(connection, ledger);
  const startedMs = Date.now();
  const desk = newDesk(options, stage, startedMs);
  const progress = new Progress({ quiet: options.quiet, startedMs, durationSeconds: options.duration });
  const endMs = options.duration === undefined ? Infinity : startedMs + options.duration * 1000;
  let ledgerMs = startedMs;
  for (let nowMs = startedMs; ; nowMs = Date.now()) {
    const untilNanos = (Math.min(nowMs, endMs) - startedMs) * options.speed * 1e6;
    await stage.fill(untilNanos);
    for (const message of desk.advance(untilNanos)) {
      // Awaited only when the window is full: each turn of the event loop costs the connection a write of its own.
      const room = publisher.publish(message);
      if (room !== undefined) await room;
    }
    if (nowMs >= ledgerMs) {
      ledger.flush(nowMs);
      ledgerMs = nowMs + LEDGER_FLUSH_MS;
    }
    progress.show(nowMs, { ledger, publisher });
    if (signal.aborted || nowMs >= endMs || stage.ended()) break;
    await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
  await publisher.drain();
  const { unacknowledged } = publisher;
  await ledger.close({ startedMs, endedMs: Date.now(), unacknowledged });
  await connection.close();
  progress.end({ ledger, publisher });
  return { published: ledger.published, messages: ledger.messages, unacknowledged };
}

function newDesk(options: PublishingOptions, { market, venues }: Stage, startedMs: number): Desk {
  const { seed, rate, speed, incidents, probeAt, probeHold } = options;
  return new Desk({
    seed,
    // Random and not derived from the seed: ids of two runs against one store must differ.
    runId: `${startedMs.toString(36)}-${randomUUID().slice(0, 4)}`,
    universe: { venues, strategies: STRATEGIES },
    market,
    incidents: new IncidentClock(parseSchedule(incidents)),
    ordersPerSecond: rate,
    stamper: new Stamper(BigInt(startedMs) * 1_000_000n, speed),
    ...(probeAt === undefined ? {} : { probe: { atSeconds: probeAt, holdSeconds: probeHold } }),
  });
}
