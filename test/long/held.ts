/**
 * What a sidecar holds: its resident memory right after every thread has collected its garbage, without what the engine
 * says of its own, which comes and goes up to its limit and would hide the rest. To be read when all is committed.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '../fault/world.ts';
import { Collector, type OwnMemory } from './collector.ts';

/** Freed buffers go back in the background: the least of so many readings counts, of those in which the engine rested. */
const [READINGS, READING_EVERY_MS] = [16, 200];
const ENGINE_RESTS_MB = 1;
const COLLECTIONS = 3;

/** What the process says itself is exact, where the allocator blurs what is resident. */
export interface Held extends OwnMemory {
  /** Without the engine's. */
  readonly heldMb: number;
  readonly engineMb: number;
}

export class HeldMemory {
  readonly #world: World;
  readonly #collector: Collector;

  private constructor(world: World, collector: Collector) {
    this.#world = world;
    this.#collector = collector;
  }

  /** Of a sidecar that was started with `--inspect=127.0.0.1:<port>`. */
  static async watch(world: World, inspectorPort: number): Promise<HeldMemory> {
    return new HeldMemory(world, await Collector.attach(inspectorPort));
  }

  /** Undefined when the engine never rested. Throws when the sidecar does not tell of its engine. */
  async read(): Promise<Held | undefined> {
    const own = await this.#leastOwn();
    let least: Held | undefined;
    for (let i = 0; i < READINGS; i++) {
      await pause(READING_EVERY_MS);
      const before = await this.#engineMb();
      const rssMb = residentMb(this.#world.sidecar.pid as number);
      const engineMb = await this.#engineMb();
      if (Math.abs(engineMb - before) > ENGINE_RESTS_MB) continue;
      if (least === undefined || rssMb - engineMb < least.heldMb)
        least = { heldMb: rssMb - engineMb, engineMb, ...own };
    }
    return least;
  }

  /** What was under way in one collection is garbage in the next. */
  async #leastOwn(): Promise<OwnMemory> {
    let least: OwnMemory = { ownMb: Infinity, codeMb: Infinity };
    for (let i = 0; i < COLLECTIONS; i++) {
      await this.#collector.collect();
      const own = await this.#collector.own();
      if (Number.isNaN(own.ownMb)) return own;
      if (own.ownMb < least.ownMb) least = own;
      await pause(READING_EVERY_MS);
    }
    return least;
  }

  close(): void {
    this.#collector.close();
  }

  async #engineMb(): Promise<number> {
    // A look at the store's health, of which the exposition tells.
    await this.#world.answers.readiness();
    const bytes = (await this.#world.answers.metrics()).sum('tapewatch_store_memory_bytes');
    if (!(bytes > 0)) throw new Error('the sidecar does not tell what its engine holds');
    return bytes / 2 ** 20;
  }
}

export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}
