/**
 * What passes from rules to notification: nothing when notifications are switched off, and repeats only after the
 * cooldown of their severity (DESIGN 9: a cooldown never holds back a higher severity). What is held is counted.
 */
import { Cooldown, fingerprint, type Begin, type Transition } from '@tapewatch/core';
import { SEVERITIES, severityOf } from '@tapewatch/contract';
import type { Clock, Logger, Telemetry } from '../ports.ts';
import { isFiring } from './alert-dispatcher.ts';
import type { SuppressionOptions } from './suppression-options.ts';

const MAX_ENTRIES = 100_000;
/** How often ends of cooldowns are looked for. */
const TICK_MS = 1_000;
/** Stands for every receiver in the counter of what was held. */
const ALL = 'all';

export interface RestraintDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'notified' | 'level'>;
  /** False: nothing passes. */
  readonly enabled: boolean;
  readonly pass: (transitions: readonly Transition[], mayBeKnown: boolean) => void;
}

export interface Origin {
  /** Of the rule; it replaces those by severity. */
  readonly cooldownMs?: number;
  /** An earlier run may have notified of these alerts: they pass, and their cooldown begins. */
  readonly mayBeKnown?: boolean;
}

export class Restraint {
  readonly #deps: RestraintDeps;
  readonly #options: SuppressionOptions;
  readonly #cooldown = new Cooldown<Transition>(MAX_ENTRIES);
  readonly #stopTick: () => void;

  constructor(deps: RestraintDeps, options: SuppressionOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#stopTick = deps.clock.every(TICK_MS, () => this.release());
    deps.telemetry.level('alerts_held', 'Alerts that fire and wait for their cooldown.', () => this.#cooldown.held);
    if (!deps.enabled) deps.log.warn({}, 'Notifications are switched off (notifications.enabled): nothing is sent.');
  }

  take(transitions: readonly Transition[], { cooldownMs, mayBeKnown = false }: Origin = {}): void {
    const { enabled, pass, telemetry } = this.#deps;
    const told = transitions.filter((transition) => this.#mayPass(transition, { cooldownMs, mayBeKnown }));
    const held = transitions.length - told.length;
    for (let i = 0; i < (enabled ? held : transitions.length); i += 1) telemetry.notified(ALL, 'held');
    if (enabled && told.length > 0) pass(told, mayBeKnown);
  }

  /** Lets through what has waited long enough; called by the clock, and by the loop of alerts. */
  release(): void {
    const { clock, enabled, pass } = this.#deps;
    const due = this.#cooldown.due(clock.now());
    if (enabled && due.length > 0) pass(due, false);
  }

  close(): void {
    this.#stopTick();
  }

  #mayPass(
    transition: Transition,
    { cooldownMs, mayBeKnown }: { cooldownMs: number | undefined; mayBeKnown: boolean },
  ): boolean {
    const fired = isFiring(transition.from);
    const fires = isFiring(transition.to);
    if (fired === fires) return true;
    const begin = this.#beginOf(transition, cooldownMs);
    if (!fires) return this.#cooldown.ends(begin);
    const isFree = this.#cooldown.begins(begin, this.#deps.clock.now());
    if (isFree || mayBeKnown) return true;
    const labels = transition.labels.toRecord();
    this.#deps.log.info({ labels }, 'An alert began again within its cooldown; it is told when that is over.');
    return false;
  }

  #beginOf(transition: Transition, cooldownMs: number | undefined): Begin<Transition> {
    const { severity = '', ...identity } = transition.labels.toRecord();
    const known = severityOf(severity) ?? 'WARNING';
    return {
      identity: JSON.stringify(Object.entries(identity).sort()),
      instance: fingerprint(transition.labels),
      rank: SEVERITIES.indexOf(known),
      cooldownNanos: BigInt(Math.round(cooldownMs ?? this.#secondsOf(known) * 1000)) * 1_000_000n,
      item: transition,
    };
  }

  #secondsOf(severity: (typeof SEVERITIES)[number]): number {
    const { cooldown_warning: warning, cooldown_critical: critical, deduplication_window: window } = this.#options;
    if (severity === 'EMERGENCY') return 0;
    if (severity === 'CRITICAL') return critical;
    return severity === 'WARNING' ? warning : window;
  }
}
