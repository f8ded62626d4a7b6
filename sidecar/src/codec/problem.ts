/**
 * What went wrong in one message, bounded: a megabyte of garbage must not become a million dead letters. The first
 * problems are kept one by one, further ones become one entry for each reason that says how many items it stands for.
 */
import type { DecodeContext, DecodeProblem, SampleSink } from '../ports.ts';
import { DETAIL_MAX_CHARACTERS, EXCERPT_MAX_BYTES, maxBytesOf, PROBLEMS_MAX } from './limit.ts';

/** The reasons of docs/wire.md, "Bad messages"; they are values of a counter's label. */
export const PROBLEM_REASONS = [
  'content_type',
  'encoding',
  'syntax',
  'schema',
  'time',
  'time_future',
  'too_large',
  'label_limit',
  'state_limit',
  'non_numeric',
  'exemplar',
] as const;
export type ProblemReason = (typeof PROBLEM_REASONS)[number];

/** Expected and harmless: no dead letter. */
const COUNTED_ONLY: ReadonlySet<ProblemReason> = new Set<ProblemReason>(['non_numeric', 'exemplar']);

/** An expected fault of input: returned, not thrown. */
export class Fault {
  readonly reason: ProblemReason;
  readonly detail: string;

  constructor(reason: ProblemReason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

export class ProblemList {
  readonly #kept: DecodeProblem[] = [];
  readonly #more = new Map<string, DecodeProblem & { items: number }>();

  /** True when no further problem is kept by itself: only how many there are of a reason counts from now on. */
  get isFull(): boolean {
    return this.#kept.length >= PROBLEMS_MAX;
  }

  /** Counts one more of a reason that is told of by its number only; false when this would be the first. */
  again(reason: ProblemReason): boolean {
    const known = this.isFull ? this.#more.get(reason) : undefined;
    if (known !== undefined) known.items++;
    return known !== undefined;
  }

  add(fault: Fault, excerpt: Uint8Array | string): void {
    if (!COUNTED_ONLY.has(fault.reason) && !this.isFull) this.#kept.push(problemOf(fault, excerpt));
    else this.#count(fault, excerpt);
  }

  #count(fault: Fault, excerpt: Uint8Array | string): void {
    const known = this.#more.get(fault.reason);
    if (known !== undefined) {
      known.items++;
      return;
    }
    const countOnly = COUNTED_ONLY.has(fault.reason) ? ({ countOnly: true } as const) : {};
    this.#more.set(fault.reason, { ...problemOf(fault, excerpt), items: 1, ...countOnly });
  }

  /** Tells the sink, and is empty again. */
  report(sink: SampleSink): void {
    for (const problem of this.#kept) sink.problem(problem);
    for (const problem of this.#more.values()) sink.problem(problem);
    this.#kept.length = 0;
    this.#more.clear();
  }
}

/** The whole message is one problem. */
export function refuse(fault: Fault, payload: Uint8Array, sink: SampleSink): void {
  sink.problem(problemOf(fault, payload));
}

export function tooLarge(payload: Uint8Array, context: DecodeContext): Fault {
  return new Fault('too_large', `message has ${payload.length} bytes; at most ${maxBytesOf(context)} are allowed`);
}

function problemOf({ reason, detail }: Fault, excerpt: Uint8Array | string): DecodeProblem {
  const bytes = typeof excerpt === 'string' ? Buffer.from(excerpt.slice(0, EXCERPT_MAX_BYTES)) : excerpt;
  return {
    reason,
    detail: detail.length > DETAIL_MAX_CHARACTERS ? `${detail.slice(0, DETAIL_MAX_CHARACTERS - 3)}...` : detail,
    // A copy: a view would keep the whole message alive until the dead letter is stored.
    excerpt: Uint8Array.prototype.slice.call(bytes, 0, EXCERPT_MAX_BYTES),
  };
}

/** A value for people, short: what the message of a problem says was seen. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}...` : JSON.stringify(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return value === undefined ? 'nothing' : String(value);
}
