/**
 * One live query: what a chart shows after its history. All series of a query share one evaluation per step; each series
 * has its own Grafana channel, so that a frame's schema never changes under a viewer.
 *
 * The seam: history ends at a stamp that is remembered, and a stream starts right after it. While it runs, history for a
 * further viewer ends at the last pushed stamp and pushes are held for a moment, until that viewer has subscribed.
 */
import { floorTo, msFromNanos, type Labels } from '@tapewatch/core';
import { createHash } from 'node:crypto';

/** Sealed windows trail the clock by the watermark; history and live points wait for the same one. */
export const LIVE_DELAY_MS = 1_000;
const HOLD_AFTER_HISTORY_MS = 500;
const HOLD_AFTER_SUBSCRIBE_MS = 150;
/** Many viewers arriving one after the other must not starve those who watch. */
const HOLD_MAX_MS = 2_000;
/** Steps that one evaluation catches up; older ones come with the next history. */
const CATCH_UP_STEPS_MAX = 1_000;

export interface LivePoints {
  readonly timesMs: readonly number[];
  readonly values: readonly (number | null)[];
}

export type Push = (points: LivePoints) => void;

interface Subscriber {
  readonly series: string;
  readonly push: Push;
  sentUntilMs: number;
}

export class LiveChannel {
  readonly id: string;
  readonly query: unknown;
  readonly stepMs: number;
  readonly #subscribers = new Set<Subscriber>();
  readonly #stopped = new Map<string, { untilMs: number; atMs: number }>();
  #historyEndMs = 0;
  #historyAtMs = 0;
  #histories = 0;
  #holdUntilMs = 0;
  evaluating = false;
  lastUsedMs = 0;

  constructor(id: string, query: unknown, stepMs: number) {
    this.id = id;
    this.query = query;
    this.stepMs = stepMs;
  }

  get isRunning(): boolean {
    return this.#subscribers.size > 0;
  }

  /** The end that history must have; pushes are held until `endHistory`. */
  beginHistory(nowMs: number): number {
    this.#histories++;
    this.lastUsedMs = nowMs;
    const pushed = Math.min(...[...this.#subscribers].map(({ sentUntilMs }) => sentUntilMs));
    return Number.isFinite(pushed) ? pushed : this.#newestStamp(nowMs);
  }

  endHistory(endMs: number, nowMs: number): void {
    this.#histories--;
    this.#historyEndMs = endMs;
    this.#historyAtMs = nowMs;
    this.#holdUntilMs = nowMs + HOLD_AFTER_HISTORY_MS;
  }

  abandonHistory(): void {
    this.#histories--;
  }

  onSubscribe(nowMs: number): void {
    this.#holdUntilMs = Math.min(this.#holdUntilMs, nowMs + HOLD_AFTER_SUBSCRIBE_MS);
  }

  /** Returns the function that ends it. A stream that broke off resumes, unless a newer history was given out since. */
  attach(series: string, push: Push, nowMs: number): (endedMs: number) => void {
    const stopped = this.#stopped.get(series);
    const resumes = stopped !== undefined && this.#historyAtMs < stopped.atMs;
    const sentUntilMs = resumes ? stopped.untilMs : this.#historyEndMs || this.#newestStamp(nowMs);
    const subscriber: Subscriber = { series, push, sentUntilMs };
    this.#stopped.delete(series);
    this.#subscribers.add(subscriber);
    return (endedMs) => {
      if (!this.#subscribers.delete(subscriber)) return;
      this.#stopped.set(series, { untilMs: subscriber.sentUntilMs, atMs: endedMs });
    };
  }

  /** What is to be evaluated now, both ends inclusive; undefined when nothing is due or pushes are held. */
  due(nowMs: number): { readonly startMs: number; readonly endMs: number } | undefined {
    if (this.evaluating || !this.isRunning) return undefined;
    const startMs = Math.min(...[...this.#subscribers].map(({ sentUntilMs }) => sentUntilMs)) + this.stepMs;
    const endMs = this.#newestStamp(nowMs);
    if (endMs < startMs) return undefined;
    const lateMs = nowMs - LIVE_DELAY_MS - startMs;
    const held = this.#histories > 0 || nowMs < this.#holdUntilMs;
    if (held && lateMs < HOLD_MAX_MS) return undefined;
    return { startMs: Math.max(startMs, endMs - CATCH_UP_STEPS_MAX * this.stepMs), endMs };
  }

  /** Gives each stream the points that it has not had. */
  deliver(pointsOf: (series: string) => LivePoints | undefined, untilMs: number): void {
    for (const subscriber of this.#subscribers) {
      const points = pointsOf(subscriber.series);
      const from = points === undefined ? -1 : points.timesMs.findIndex((timeMs) => timeMs > subscriber.sentUntilMs);
      if (points !== undefined && from >= 0) {
        subscriber.push({ timesMs: points.timesMs.slice(from), values: points.values.slice(from) });
      }
      subscriber.sentUntilMs = Math.max(subscriber.sentUntilMs, untilMs);
    }
  }

  #newestStamp(nowMs: number): number {
    const step = BigInt(this.stepMs) * 1_000_000n;
    return msFromNanos(floorTo(BigInt(Math.floor(nowMs - LIVE_DELAY_MS)) * 1_000_000n, step));
  }
}

/** Short, and made of characters that a channel path may have. */
export function channelHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function seriesHash(labels: Labels): string {
  return channelHash(labels.key);
}
