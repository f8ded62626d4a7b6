/**
 * Answers that were given, by question, the longest unused dropped first. Bounded in bytes (estimated) and in age: an
 * answer leaves `ttlMs` after its last evaluation from scratch, which also bounds how long retention's deletions and
 * old annotations can show through.
 */
import type { MatrixSeries, Point, QueryResult, SelectRequest } from '@tapewatch/core';

export interface CachedAnswer {
  readonly result: QueryResult;
  /** First and last step that `result` covers. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Changes told after this version may have touched it. */
  readonly version: number;
  /** When all of it was last evaluated, on the clock of the cache. */
  readonly evaluatedAtMs: number;
  /** What was read for it: a continuation must read in the same way. */
  readonly selects: readonly SelectRequest[];
  readonly levelsMs: readonly number[];
  readonly thinned: boolean;
  readonly errorBound: number | undefined;
  /** The last step that was read from disk; -Infinity when all was in memory. */
  readonly storedUntilMs: number;
  /** The part that was handed out last, so that who has written it as text knows it again. */
  view?: AnswerView;
}

export interface AnswerView {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly result: Extract<QueryResult, { type: 'matrix' }>;
}

const BYTES_PER_ANSWER = 1_000;
const BYTES_PER_SERIES = 300;
/** With the text of an answer that is given again and again. */
const BYTES_PER_POINT = 88;
const BYTES_PER_HISTOGRAM = 400;
const BYTES_PER_BUCKET = 16;
/** An answer larger than this share of the cache would empty it for itself. */
const LARGEST_SHARE = 4;

export class AnswerCache {
  readonly #maxBytes: number;
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #answers = new Map<string, { readonly answer: CachedAnswer; readonly bytes: number }>();
  #bytes = 0;

  constructor({ maxBytes, ttlMs, now }: { maxBytes: number; ttlMs: number; now: () => number }) {
    this.#maxBytes = maxBytes;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#answers.size;
  }

  now(): number {
    return this.#now();
  }

  get(key: string): CachedAnswer | undefined {
    const held = this.#answers.get(key);
    if (held === undefined) return undefined;
    if (this.#now() - held.answer.evaluatedAtMs >= this.#ttlMs) {
      this.#remove(key, held.bytes);
      return undefined;
    }
    this.#answers.delete(key);
    this.#answers.set(key, held);
    return held.answer;
  }

  put(key: string, answer: CachedAnswer): void {
    const known = this.#answers.get(key);
    if (known !== undefined) this.#remove(key, known.bytes);
    const bytes = key.length * 2 + bytesOf(answer.result);
    if (this.#ttlMs === 0 || bytes > this.#maxBytes / LARGEST_SHARE) return;
    this.#answers.set(key, { answer, bytes });
    this.#bytes += bytes;
    for (const [oldest, held] of this.#answers) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest, held.bytes);
    }
  }

  #remove(key: string, bytes: number): void {
    this.#answers.delete(key);
    this.#bytes -= bytes;
  }
}

function bytesOf(result: QueryResult): number {
  if (result.type === 'matrix')
    return result.series.reduce((sum, series) => sum + seriesBytes(series), BYTES_PER_ANSWER);
  if (result.type === 'vector') {
    return result.samples.reduce((sum, sample) => sum + BYTES_PER_SERIES + pointBytes(sample), BYTES_PER_ANSWER);
  }
  return BYTES_PER_ANSWER;
}

function seriesBytes({ points }: MatrixSeries): number {
  // A series holds histograms throughout or not at all, as a rule: the first point tells.
  const [first] = points;
  return BYTES_PER_SERIES + (first === undefined ? 0 : points.length * pointBytes(first));
}

function pointBytes({ histogram }: Point): number {
  if (histogram === undefined) return BYTES_PER_POINT;
  const buckets = histogram.positive.size + histogram.negative.size;
  return BYTES_PER_POINT + BYTES_PER_HISTOGRAM + buckets * BYTES_PER_BUCKET;
}
