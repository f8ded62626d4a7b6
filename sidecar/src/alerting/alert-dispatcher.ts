/**
 * Carries out what `core/alert` decides: sends by the channels, retries within bounds, reports back. It holds no rule of
 * its own about who is told when. At most `maxConcurrent` sends are under way; the others wait in order, one a target
 * and group at most.
 */
import {
  EMPTY_DISPATCH_STATE,
  fingerprint,
  rerouteDispatch,
  retryDelayMs,
  stepDispatch,
  type DispatchConfig,
  type DispatchEffect,
  type DispatchEvent,
  type DispatchState,
  type GroupedAlert,
  type Transition,
} from '@tapewatch/core';
import type { Channel, Clock, Logger, Notification, Receipt, Telemetry } from '../ports.ts';
import type { AlertingOptions } from './alerting-options.ts';
import { after, sleep } from './deadline.ts';

/** How often due repetitions and waits are looked for. */
const TICK_MS = 50;

export interface DispatcherDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'notified'>;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
}

export interface Delivery {
  readonly config: DispatchConfig;
  /** By target id. */
  readonly channels: ReadonlyMap<string, Channel>;
}

type Send = Extract<DispatchEffect, { type: 'send' }>;

export class AlertDispatcher {
  readonly #deps: DispatcherDeps;
  readonly #options: AlertingOptions['notification'];
  #delivery: Delivery;
  #state: DispatchState = EMPTY_DISPATCH_STATE;
  readonly #waiting: Send[] = [];
  #underWay = 0;
  readonly #closing = new AbortController();
  readonly #stopTick: () => void;
  #drained: (() => void)[] = [];
  #closed = false;

  constructor(deps: DispatcherDeps, options: AlertingOptions['notification'], delivery: Delivery) {
    this.#deps = deps;
    this.#options = options;
    this.#delivery = delivery;
    this.#stopTick = deps.clock.every(TICK_MS, () => this.#take({ type: 'tick' }));
  }

  get groups(): number {
    return this.#state.size;
  }

  /** `mayBeKnown`: changes of an earlier run, of which receivers may have heard. */
  take(transitions: readonly Transition[], mayBeKnown = false): void {
    const alerts = transitions.flatMap((transition) => groupedAlert(transition) ?? []);
    if (alerts.length > 0) this.#take({ type: 'alerts', alerts, mayBeKnown });
  }

  /** Goes on with other routes and channels; what was told stays known where the target and the group stay. */
  reconfigure(delivery: Delivery): void {
    this.#delivery = delivery;
    this.#apply(rerouteDispatch(delivery.config, this.#state, this.#deps.clock.now()));
  }

  /** Lets what is under way finish within the grace, then gives it up. */
  async close(graceMs: number): Promise<void> {
    this.#stopTick();
    this.#closed = true;
    if (this.#underWay + this.#waiting.length === 0) return;
    const stop = after(this.#deps.clock, graceMs, () => this.#closing.abort());
    await new Promise<void>((resolve) => this.#drained.push(resolve));
    stop();
  }

  #take(event: DispatchEvent): void {
    this.#apply(stepDispatch(this.#delivery.config, this.#state, { event, now: this.#deps.clock.now() }));
  }

  #apply({ state, effects }: { state: DispatchState; effects: readonly DispatchEffect[] }): void {
    this.#state = state;
    for (const effect of effects) {
      // What is due after the stop is due again after the next start, with the same key.
      if (effect.type === 'send' && !this.#closed) this.#waiting.push(effect);
      else if (effect.type === 'refused')
        this.#deps.log.error({ ...effect }, 'An alert is past a bound of grouping and is not notified.');
    }
    this.#next();
  }

  #next(): void {
    while (this.#underWay < this.#options.maxConcurrent) {
      const send = this.#waiting.shift();
      if (send === undefined) break;
      this.#underWay += 1;
      void this.#deliver(send).then((ok) => {
        this.#underWay -= 1;
        this.#take({ type: 'delivered', groupKey: send.groupKey, targetId: send.target.id, ok });
        if (this.#underWay + this.#waiting.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
      });
    }
  }

  async #deliver(send: Send): Promise<boolean> {
    const { clock, log, telemetry, random } = this.#deps;
    const { maxAttempts, overallTimeoutMs: overallMs, backoffMs: baseMs, maxBackoffMs: maxMs } = this.#options;
    const { target } = send;
    const notification = notificationOf(send);
    const started = clock.now();
    const controller = new AbortController();
    const abort = () => controller.abort();
    let isLate = false;
    const stop = after(clock, overallMs, () => {
      isLate = true;
      abort();
    });
    this.#closing.signal.addEventListener('abort', abort);
    if (this.#closing.signal.aborted) abort();
    let receipt: Receipt = { sent: false, retryable: false, detail: 'not tried' };
    try {
      for (let attempts = 1; !controller.signal.aborted; attempts += 1) {
        receipt = await this.#attempt(send, notification, controller.signal);
        if (receipt.sent || !receipt.retryable) break;
        const elapsedMs = Number(clock.now() - started) / 1e6;
        const { retryAfterMs } = receipt;
        const failed = {
          attempts,
          elapsedMs,
          random: random(),
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        };
        const delayMs = retryDelayMs({ maxAttempts, overallMs, baseMs, maxMs }, failed);
        if (delayMs === undefined) break;
        telemetry.notified(target.receiver, 'retried');
        const { detail } = receipt;
        log.warn({ target: target.id, attempts, maxAttempts, delayMs, detail }, 'A notification is tried again.');
        await sleep(clock, delayMs, controller.signal);
      }
    } finally {
      stop();
      this.#closing.signal.removeEventListener('abort', abort);
    }
    telemetry.notified(target.receiver, receipt.sent ? 'sent' : 'failed');
    const fields = {
      target: target.id,
      group: send.groupKey,
      key: send.key,
      alerts: send.alerts.length,
      detail: isLate && !receipt.sent ? `given up after ${overallMs} ms: ${receipt.detail}` : receipt.detail,
    };
    if (receipt.sent) log.info(fields, 'A notification was sent.');
    else log.error(fields, 'A notification failed; the group is tried again after its group interval.');
    return receipt.sent;
  }

  async #attempt(send: Send, notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const channel = this.#delivery.channels.get(send.target.id);
    if (channel === undefined)
      return { sent: false, retryable: false, detail: `no channel "${send.target.id}" any more` };
    try {
      return await channel.send(notification, signal);
    } catch (cause) {
      return { sent: false, retryable: true, detail: cause instanceof Error ? cause.message : String(cause) };
    }
  }
}

export function isFiring(phase: string): boolean {
  return phase === 'firing' || phase === 'keep_firing';
}

/** What a change of state means for those who are told; null when it means nothing to them. */
function groupedAlert({
  labels,
  annotations,
  from,
  to,
  value,
  activeAtNanos,
  timeNanos,
}: Transition): GroupedAlert | null {
  const fired = isFiring(from);
  const fires = isFiring(to);
  if (fired === fires) return null;
  return {
    fingerprint: fingerprint(labels),
    status: fires ? 'firing' : 'resolved',
    labels: labels.toRecord(),
    annotations,
    startsAtNanos: activeAtNanos,
    endsAtNanos: fires ? null : timeNanos,
    value,
  };
}

function notificationOf({ key, groupKey, target, status, groupLabels, alerts }: Send): Notification {
  return {
    idempotencyKey: key,
    groupKey,
    receiver: target.receiver,
    status,
    groupLabels: groupLabels.toRecord(),
    commonLabels: inCommon(alerts.map(({ labels }) => labels)),
    commonAnnotations: inCommon(alerts.map(({ annotations }) => annotations)),
    alerts,
  };
}

function inCommon(records: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = records;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((other) => other[name] === value)),
  );
}
