/** A clock that moves only when told, and stand-ins for what alerting talks to: no test here waits for real time. */
import { setImmediate as immediate } from 'node:timers/promises';
import { Labels, type QueryResult } from '@tapewatch/core';
import type { Channel, Clock, LateSource, Logger, Notification, Progress, PromqlEngine, Receipt } from '../../ports.ts';

const NANOS_PER_MS = 1_000_000n;

export class VirtualClock implements Clock {
  #now = 1_800_000_000_000_000_000n;
  readonly #timers = new Set<{ due: bigint; every: bigint; callback: () => void }>();

  now(): bigint {
    return this.#now;
  }

  every(intervalMs: number, callback: () => void): () => void {
    const every = BigInt(Math.ceil(intervalMs)) * NANOS_PER_MS;
    const timer = { due: this.#now + every, every, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on from timer to timer and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + BigInt(ms) * NANOS_PER_MS;
    for (;;) {
      const next = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => Number(a.due - b.due))[0];
      if (next === undefined) break;
      this.#now = next.due;
      next.due += next.every;
      next.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await immediate();
}

/** Answers each expression with the numbers set for it, by venue. */
export class ScriptedEngine implements PromqlEngine {
  readonly answers = new Map<string, Record<string, number> | Error | QueryResult>();
  readonly asked: string[] = [];

  async query(expr: string): Promise<QueryResult> {
    this.asked.push(expr);
    const answer = this.answers.get(expr) ?? {};
    if (answer instanceof Error) throw answer;
    if ('type' in answer) return answer as QueryResult;
    const samples = Object.entries(answer).map(([venue, value]) => ({
      labels: Labels.from({ venue }),
      timeMs: 0,
      value,
    }));
    return { type: 'vector', samples, warnings: [], infos: [] };
  }
}

export class ManualProgress implements Progress {
  readonly #listeners = new Set<(changed: ReadonlySet<string>) => void>();

  onAdvance(listener: (changed: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  advance(...names: string[]): void {
    for (const listener of this.#listeners) listener(new Set(names));
  }
}

/** A world in which nothing comes late. */
export const NOTHING_LATE: LateSource = { onLate: () => () => undefined };

/** Keeps what it was given; answers with the receipts set for it, then with success. */
export class RecordingChannel implements Channel {
  readonly kind = 'recording';
  readonly sent: Notification[] = [];
  readonly receipts: Receipt[] = [];

  async send(notification: Notification): Promise<Receipt> {
    this.sent.push(notification);
    return this.receipts.shift() ?? { sent: true, detail: 'ok' };
  }
}

export class RecordingLog implements Logger {
  readonly lines: string[] = [];
  debug = (fields: object, message: string) => this.#line('debug', fields, message);
  info = (fields: object, message: string) => this.#line('info', fields, message);
  warn = (fields: object, message: string) => this.#line('warn', fields, message);
  error = (fields: object, message: string) => this.#line('error', fields, message);

  #line(level: string, fields: object, message: string): void {
    this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  }
}
