/**
 * Answers a question from an earlier answer as far as its data cannot have changed, and evaluates only the rest. For an
 * expression whose steps stand alone, a range that moved on keeps its old steps up to the first one that reads data
 * changed since (the change log knows); any other answer is kept whole or not at all.
 *
 * Old and new steps may only stand side by side when both were read in the same way. So the stored points must fall on
 * the same grid (the ends of the reads differ by a multiple of the resolution), and one and the same level must have
 * answered; else everything is evaluated anew. Counts and values are then those of a fresh evaluation; the sum of a
 * cumulative histogram may differ in its last digit, because it was added up in another order.
 */
import type { EvaluationRange, QueryResult, SelectRequest } from '@tapewatch/core';
import type { AnswerCache, CachedAnswer } from './answer-cache.ts';
import type { ChangeLog } from './change-log.ts';
import { raceAbort } from './deadline.ts';
import type { ExpressionFacts } from './expression-facts.ts';
import { sliced, spliced } from './splice.ts';

export interface Question {
  readonly facts: ExpressionFacts;
  readonly range: EvaluationRange;
  /** Tenant, lookback and whatever else the answer depends on, beside expression and range. */
  readonly scope: string;
  /** What a fresh evaluation reads. */
  readonly selects: readonly SelectRequest[];
}

/** An evaluation from scratch, and how its data were read. */
export interface Evaluated {
  readonly result: QueryResult;
  /** Levels that answered; UNKNOWN_LEVEL among them when a reader did not tell. */
  readonly levelsMs: readonly number[];
  /** Windows stood for samples and did not tell all that was asked of those. */
  readonly thinned: boolean;
  readonly errorBound: number | undefined;
  /** Nothing of it was read from disk. */
  readonly inMemory: boolean;
  readonly series: number;
  readonly samples: number;
}

export interface Answer extends Evaluated {
  readonly cache: 'hit' | 'extended' | 'miss';
}

/** What is kept beside an answer. */
type Given = { readonly answer: Answer } & Pick<
  CachedAnswer,
  'firstMs' | 'version' | 'evaluatedAtMs' | 'storedUntilMs'
>;

/** Steps before the range that stay: a question that waited, or came from a slower clock, begins a step or two earlier. */
const STEPS_BEHIND = 4;

/** Stands for a level that a reader chose without telling which; nothing is continued then. */
export const UNKNOWN_LEVEL = -1;

export class CachedEvaluation {
  readonly #cache: AnswerCache;
  readonly #changes: ChangeLog;
  /** Answers that are being made from scratch, by key. */
  readonly #building = new Map<string, Promise<Evaluated>>();

  constructor(cache: AnswerCache, changes: ChangeLog) {
    this.#cache = cache;
    this.#changes = changes;
  }

  /** A condition that holds as long as nothing that the question reads has changed. */
  unchanged(question: Question): () => boolean {
    const { version } = this.#changes;
    const newestMs = newestRead(question);
    const { names } = question.facts;
    return () =>
      this.#changes.oldestSince(version, names) > newestMs &&
      this.#changes.oldestStoredSince(version, names) > newestMs;
  }

  async answer(question: Question, evaluate: (range: EvaluationRange) => Promise<Evaluated>): Promise<Answer> {
    const key = keyOf(question);
    const { version } = this.#changes;
    const old = this.#cache.get(key);
    const keptUntilMs = old === undefined ? -Infinity : this.#keptUntil(old, question);
    const lastMs = lastStep(question.range);
    if (old !== undefined && keptUntilMs >= lastMs) return { ...hit(old, question), cache: 'hit' };
    if (old !== undefined && keptUntilMs > -Infinity) {
      const firstMs = Math.max(old.firstMs, question.range.startMs - STEPS_BEHIND * question.range.stepMs);
      const answer = await this.#extended({ ...old, firstMs }, keptUntilMs, question, evaluate);
      if (answer !== undefined) {
        const storedUntilMs = answer.inMemory ? Math.min(old.storedUntilMs, keptUntilMs) : lastMs;
        const given = { answer, firstMs, version, evaluatedAtMs: old.evaluatedAtMs, storedUntilMs };
        return { ...answer, result: viewOf(this.#put(key, question, given), question) };
      }
    }
    const evaluatedAtMs = this.#cache.now();
    const evaluated = evaluate(question.range);
    this.#building.set(key, evaluated);
    try {
      const answer = { ...(await evaluated), cache: 'miss' as const };
      const storedUntilMs = answer.inMemory ? -Infinity : lastMs;
      const firstMs = question.range.startMs;
      this.#put(key, question, { answer, firstMs, version, evaluatedAtMs, storedUntilMs });
      return answer;
    } finally {
      if (this.#building.get(key) === evaluated) this.#building.delete(key);
    }
  }

  /**
   * Waits while an answer is made from scratch that this one could continue: boards that are refreshed before their first
   * answer is there would otherwise have it made over and over. Whether the other succeeds does not matter here.
   */
  async settled(question: Question, signal: AbortSignal): Promise<void> {
    const building = isSliding(question) ? this.#building.get(keyOf(question)) : undefined;
    if (building !== undefined) await raceAbort(building.then(ignore, ignore), signal);
  }

  /** The last step of the old answer that the question can keep; -Infinity when there is none. */
  #keptUntil(old: CachedAnswer, { facts, range }: Question): number {
    const dirtyMs = this.#oldestChange(old, facts);
    if (dirtyMs <= facts.newestPinnedMs) return -Infinity;
    if (!isSliding({ facts, range })) {
      return dirtyMs <= old.lastMs + facts.newestOffsetMs ? -Infinity : old.lastMs;
    }
    if (old.firstMs > range.startMs) return -Infinity;
    // The last step t with t + offset before the first change.
    const { startMs, stepMs } = range;
    const clean = dirtyMs === Infinity ? Infinity : dirtyMs - Math.max(facts.newestOffsetMs, -Number.MAX_VALUE);
    const cleanMs = clean === Infinity ? Infinity : startMs + (Math.ceil((clean - startMs) / stepMs) - 1) * stepMs;
    const keptMs = Math.min(old.lastMs, cleanMs, lastStep(range));
    return keptMs < startMs ? -Infinity : keptMs;
  }

  /** Oldest stamp that changed since the answer was given. What came to disk matters only to what was read from there. */
  #oldestChange(old: CachedAnswer, { names, newestOffsetMs, newestPinnedMs }: ExpressionFacts): number {
    const shownMs = this.#changes.oldestSince(old.version, names);
    if (old.storedUntilMs === -Infinity) return shownMs;
    const storedMs = this.#changes.oldestStoredSince(old.version, names);
    const isRead = storedMs <= Math.max(old.storedUntilMs + newestOffsetMs, newestPinnedMs);
    return isRead ? Math.min(shownMs, storedMs) : shownMs;
  }

  async #extended(
    old: CachedAnswer,
    keptUntilMs: number,
    { range, selects }: Question,
    evaluate: (range: EvaluationRange) => Promise<Evaluated>,
  ): Promise<Answer | undefined> {
    // With the steps of `old` from its first one on, also those before the range.
    if (old.result.type !== 'matrix' || !sameGrid(old.selects, selects) || !oneLevel(old.levelsMs)) return undefined;
    const tail = await evaluate({ ...range, startMs: keptUntilMs + range.stepMs });
    if (tail.result.type !== 'matrix' || !oneLevel([...old.levelsMs, ...tail.levelsMs])) return undefined;
    const kept = sliced(old.result.series, old.firstMs, keptUntilMs);
    return {
      ...tail,
      result: spliced(kept, tail.result, old.result),
      levelsMs: tail.levelsMs.length > 0 ? tail.levelsMs : old.levelsMs,
      thinned: old.thinned || tail.thinned,
      errorBound: larger(old.errorBound, tail.errorBound),
      cache: 'extended',
    };
  }

  #put(key: string, { range, selects }: Question, { answer, ...given }: Given): CachedAnswer {
    const { result, levelsMs, thinned, errorBound } = answer;
    const kept = { result, lastMs: lastStep(range), ...given, selects, levelsMs, thinned, errorBound };
    // An instant is hardly asked twice, and rules ask thousands: keeping them would push the boards' answers out.
    if (range.stepMs > 0) this.#cache.put(key, kept);
    return kept;
  }
}

function ignore(): void {}

/** Equal for two questions that one flight may answer. */
export function identityOf({ facts, range, scope }: Question): string {
  return JSON.stringify([scope, range.startMs, range.endMs, range.stepMs, facts.normal]);
}

function keyOf(question: Question): string {
  const { facts, range, scope } = question;
  if (!isSliding(question)) return identityOf(question);
  const phaseMs = ((range.startMs % range.stepMs) + range.stepMs) % range.stepMs;
  return JSON.stringify([scope, 'sliding', range.stepMs, phaseMs, facts.normal]);
}

function isSliding({ facts, range }: Pick<Question, 'facts' | 'range'>): boolean {
  return range.stepMs > 0 && facts.stepLocal;
}

function hit(old: CachedAnswer, question: Question): Evaluated {
  const { levelsMs, thinned, errorBound, storedUntilMs } = old;
  const read = { levelsMs, thinned, errorBound, inMemory: storedUntilMs === -Infinity, series: 0, samples: 0 };
  return { result: viewOf(old, question), ...read };
}

/** What answers exactly this range; the same object for the same range, so that who has written it as text knows it again. */
function viewOf(old: CachedAnswer, { range }: Question): QueryResult {
  const { result, view } = old;
  const [firstMs, lastMs] = [range.startMs, lastStep(range)];
  if (result.type !== 'matrix' || (old.firstMs === firstMs && old.lastMs === lastMs)) return result;
  if (view?.firstMs === firstMs && view.lastMs === lastMs) return view.result;
  const part = { ...result, series: sliced(result.series, firstMs, lastMs) };
  old.view = { firstMs, lastMs, result: part };
  return part;
}

function lastStep({ startMs, endMs, stepMs }: EvaluationRange): number {
  return stepMs === 0 ? endMs : startMs + Math.floor((endMs - startMs) / stepMs) * stepMs;
}

function newestRead({ facts, range }: Question): number {
  return Math.max(facts.newestPinnedMs, lastStep(range) + facts.newestOffsetMs);
}

function sameGrid(old: readonly SelectRequest[], now: readonly SelectRequest[]): boolean {
  return (
    old.length === now.length &&
    old.every((request, i) => {
      const { resolutionMs, endMs } = now[i] as SelectRequest;
      return request.resolutionMs === resolutionMs && (endMs - request.endMs) % Math.max(1, resolutionMs) === 0;
    })
  );
}

function oneLevel(levelsMs: readonly number[]): boolean {
  return levelsMs.every((level) => level === levelsMs[0] && level !== UNKNOWN_LEVEL);
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
