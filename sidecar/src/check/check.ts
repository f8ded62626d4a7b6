/**
 * Health checks: each has its own period (CON-10) and is given up after a bound; all that are due at once run side by
 * side. Levels are HEALTHY, DEGRADED and CRITICAL (HLT-26). A change of a check's level is told, a repetition is not.
 */
import { BoundedHistory } from '@tapewatch/core';
import type { Clock, HealthHistory, Logger } from '../ports.ts';

export const LEVELS = ['HEALTHY', 'DEGRADED', 'CRITICAL'] as const;
export type Level = (typeof LEVELS)[number];

export interface CheckResult {
  readonly level: Level;
  /** One sentence: what was seen. */
  readonly detail: string;
}

export interface Check {
  readonly name: string;
  /** Without one the check runs with the loop. */
  readonly intervalSeconds?: number;
  readonly run: (signal: AbortSignal) => Promise<CheckResult>;
}

export interface HealthState extends CheckResult {
  readonly name: string;
  readonly checkedNanos: bigint;
}

export interface HealthDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onResult: (state: HealthState) => void;
  /** The level of a check changed. */
  readonly onChange: (state: HealthState, before: Level | undefined) => void;
  readonly timeoutMs?: number;
  /** Results that are kept, of all checks together. */
  readonly historySize?: number;
}

const TIMEOUT_MS = 5_000;
const HISTORY_SIZE = 1_000;

export class Health implements HealthHistory {
  readonly #deps: HealthDeps;
  readonly #checks: readonly Check[];
  readonly #states = new Map<string, HealthState>();
  readonly #history: BoundedHistory<HealthState>;
  readonly #running = new Set<string>();
  readonly #stops: readonly (() => void)[];

  constructor(deps: HealthDeps, checks: readonly Check[]) {
    this.#deps = deps;
    this.#checks = checks;
    this.#history = new BoundedHistory(deps.historySize ?? HISTORY_SIZE);
    const timed = checks.filter(({ intervalSeconds }) => intervalSeconds !== undefined);
    this.#stops = timed.map((check) =>
      deps.clock.every((check.intervalSeconds as number) * 1000, () => void this.#run(check)),
    );
  }

  states(): readonly HealthState[] {
    return [...this.#states.values()];
  }

  /** Newest first. */
  history(): readonly HealthState[] {
    return this.#history.newestFirst();
  }

  /** The worst of all; HEALTHY before the first result. */
  get level(): Level {
    const worst = this.states().reduce((rank, { level }) => Math.max(rank, LEVELS.indexOf(level)), 0);
    return LEVELS[worst] as Level;
  }

  /** The loop: every check that has no period of its own, and those that have never run. */
  async runDue(): Promise<void> {
    const due = this.#checks.filter(
      ({ name, intervalSeconds }) => intervalSeconds === undefined || !this.#states.has(name),
    );
    await Promise.all(due.map((check) => this.#run(check)));
  }

  async runAll(): Promise<readonly HealthState[]> {
    await Promise.all(this.#checks.map((check) => this.#run(check)));
    return this.states();
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #run(check: Check): Promise<void> {
    if (this.#running.has(check.name)) return;
    this.#running.add(check.name);
    try {
      this.#take(check.name, await this.#result(check));
    } finally {
      this.#running.delete(check.name);
    }
  }

  async #result({ run }: Check): Promise<CheckResult> {
    const { timeoutMs = TIMEOUT_MS } = this.#deps;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await Promise.race([
        run(signal),
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)), { once: true });
        }),
      ]);
    } catch (error) {
      return { level: 'CRITICAL', detail: error instanceof Error ? error.message : String(error) };
    }
  }

  #take(name: string, result: CheckResult): void {
    const before = this.#states.get(name)?.level;
    const state = { ...result, name, checkedNanos: this.#deps.clock.now() };
    this.#states.set(name, state);
    this.#history.push(state);
    this.#deps.onResult(state);
    if (before === result.level || (before === undefined && result.level === 'HEALTHY')) return;
    const { level, detail } = result;
    const text = 'The health of a part changed.';
    if (level === 'HEALTHY') this.#deps.log.info({ check: name, level, before, detail }, text);
    else this.#deps.log.warn({ check: name, level, before, detail }, text);
    this.#deps.onChange(state, before);
  }
}
