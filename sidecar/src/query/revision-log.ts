/**
 * Which stretches of which metrics were revised by samples that came late, so that an answer which shows them says so. Per
 * metric a list of disjoint spans of sealed windows, ascending. Past its bound the two neighbours nearest to each other
 * become one, and the number of windows in it is then a least. It begins with the process.
 */
import { formatDurationMs, rfc3339 } from '@tapewatch/core';
import type { LateSpan } from '../ports.ts';

const WINDOW_MS = 10_000;
const MAX_SPANS = 64;
/** Metrics told apart; of further ones nothing is said. */
const MAX_NAMES = 10_000;
/** Metrics that one info names. */
const MAX_TOLD = 3;
const NANOS_PER_MS = 1_000_000n;

interface Span {
  fromMs: number;
  /** Exclusive. */
  toMs: number;
  windows: number;
}

interface Range {
  readonly startMs: number;
  readonly endMs: number;
}

export class RevisionLog {
  readonly #byName = new Map<string, Span[]>();

  add(late: readonly LateSpan[]): void {
    for (const { name, windowsMs } of late) {
      if (windowsMs.length === 0) continue;
      let spans = this.#byName.get(name);
      if (spans === undefined) {
        if (this.#byName.size >= MAX_NAMES) continue;
        this.#byName.set(name, (spans = []));
      }
      for (const startMs of windowsMs) insert(spans, startMs);
    }
  }

  /** One sentence, or none where nothing that was read was revised. `names` undefined: any metric was read. */
  infos(names: ReadonlySet<string> | undefined, ranges: readonly Range[]): string[] {
    if (this.#byName.size === 0 || ranges.length === 0) return [];
    const startMs = Math.min(...ranges.map((range) => range.startMs));
    const endMs = Math.max(...ranges.map((range) => range.endMs));
    const total = { fromMs: Infinity, toMs: -Infinity, windows: 0, isLeast: false };
    const revised: string[] = [];
    for (const name of names ?? this.#byName.keys()) {
      const within = (this.#byName.get(name) ?? []).filter(({ fromMs, toMs }) => fromMs <= endMs && toMs > startMs);
      if (within.length === 0) continue;
      revised.push(name);
      for (const { fromMs, toMs, windows } of within) {
        // A span reaches beyond the range by the windows that do not count.
        const [from, to] = [Math.max(fromMs, floor(startMs)), Math.min(toMs, floor(endMs) + WINDOW_MS)];
        total.fromMs = Math.min(total.fromMs, from);
        total.toMs = Math.max(total.toMs, to);
        total.windows += Math.min(windows, (to - from) / WINDOW_MS);
        if (windows < (toMs - fromMs) / WINDOW_MS) total.isLeast = true;
      }
    }
    return revised.length === 0 ? [] : [textOf(revised.sort(), total)];
  }
}

/** Puts a window among the spans; one that lies within a span of several is known, or not told apart. */
function insert(spans: Span[], fromMs: number): void {
  const toMs = fromMs + WINDOW_MS;
  let at = spans.length;
  while (at > 0 && (spans[at - 1] as Span).fromMs > fromMs) at--;
  const before = spans[at - 1];
  const after = spans[at];
  if (before !== undefined && before.toMs > fromMs) return;
  if (before?.toMs === fromMs) {
    before.toMs = toMs;
    before.windows++;
    if (after?.fromMs === toMs) join(spans, at - 1);
  } else if (after?.fromMs === toMs) {
    after.fromMs = fromMs;
    after.windows++;
  } else spans.splice(at, 0, { fromMs, toMs, windows: 1 });
  if (spans.length > MAX_SPANS) join(spans, nearest(spans));
}

/** Makes one of a span and the next. */
function join(spans: Span[], at: number): void {
  const [one, next] = [spans[at] as Span, spans[at + 1] as Span];
  one.toMs = next.toMs;
  one.windows += next.windows;
  spans.splice(at + 1, 1);
}

/** The span that is nearest to its next one. */
function nearest(spans: readonly Span[]): number {
  const gap = (at: number): number => (spans[at + 1] as Span).fromMs - (spans[at] as Span).toMs;
  let best = 0;
  for (let at = 1; at < spans.length - 1; at++) if (gap(at) < gap(best)) best = at;
  return best;
}

function textOf(
  names: readonly string[],
  { fromMs, toMs, windows, isLeast }: { fromMs: number; toMs: number; windows: number; isLeast: boolean },
): string {
  const told = names.slice(0, MAX_TOLD);
  const rest = names.length - told.length;
  const of = rest > 0 ? `${told.join(', ')} and ${rest} more` : told.join(', ');
  const count = `${isLeast ? 'at least ' : ''}${windows} window${windows === 1 ? '' : 's'} of ${formatDurationMs(WINDOW_MS)}`;
  const [from, to] = [fromMs, toMs].map((ms) => rfc3339(BigInt(ms) * NANOS_PER_MS));
  return `${count} between ${from} and ${to} ${windows === 1 ? 'was' : 'were'} revised by samples that came late (${of})`;
}

function floor(ms: number): number {
  return Math.floor(ms / WINDOW_MS) * WINDOW_MS;
}
