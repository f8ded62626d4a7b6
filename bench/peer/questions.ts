/**
 * The fixed set of queries, the same for every system, and the comparison of what they answer. Stamps of range queries
 * lie on the stamps of the data, where staleness rules of the systems cannot differ; windows end between them.
 */
import type { Answers } from '../../test/fault/answers.ts';
import { type Series } from '../../test/fault/answers.ts';
import type { PeerData } from './data.ts';

export interface Question {
  readonly name: string;
  readonly ask: (answers: Answers, data: PeerData, repeat: number) => Promise<readonly Series[]>;
}

const RELATIVE_TOLERANCE = 1e-9;

export const QUESTIONS: readonly Question[] = [
  {
    name: 'one series, 24 h',
    ask: (answers, data, repeat) => {
      const { labels } = data.series[(repeat * 977) % data.series.length] ?? { labels: {} };
      const matchers = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
      return answers.queryRange(`${data.metric}{${matchers.join(',')}}`, wholeRange(data));
    },
  },
  {
    name: '1,000 series, 24 h',
    ask: (answers, data, repeat) => answers.queryRange(`${data.metric}{rack="r${repeat % 10}"}`, wholeRange(data)),
  },
  {
    name: 'average by venue and strategy, all series, 24 h',
    ask: (answers, data, repeat) =>
      answers.queryRange(`avg by (venue, strategy) (${data.metric})`, coarseRange(data, repeat)),
  },
  {
    name: 'p99 by venue, all series, 24 h',
    ask: (answers, data, repeat) =>
      answers.queryRange(`quantile by (venue) (0.99, ${data.metric})`, coarseRange(data, repeat)),
  },
  {
    name: 'top 10 by average over 6 h',
    ask: (answers, data, repeat) =>
      answers.query(`topk(10, avg_over_time(${data.metric}[6h]))`, data.endMs / 1_000 + 1 - (repeat % 5) * 3_600),
  },
];

function wholeRange({ startMs, endMs, stepMs }: PeerData): { start: number; end: number; step: number } {
  return { start: startMs / 1_000, end: endMs / 1_000, step: stepMs / 1_000 };
}

/** About 24 steps that meet the stamps of the data; other stamps each time, so that no kept result helps. */
function coarseRange(data: PeerData, repeat: number): { start: number; end: number; step: number } {
  const every = Math.max(1, Math.floor(data.steps / 24));
  const stepMs = data.stepMs * every;
  const shift = repeat % Math.ceil(data.steps / 3);
  const steps = Math.floor((data.steps - 1 - shift) / every);
  const endMs = data.endMs - shift * data.stepMs;
  return { start: (endMs - steps * stepMs) / 1_000, end: endMs / 1_000, step: stepMs / 1_000 };
}

/** In one order, whatever the order of the answer. */
export function normalized(found: readonly Series[]): ReadonlyMap<string, readonly (readonly [number, string])[]> {
  const keyed = found.map(({ metric, points }) => [keyOf(metric), points] as const);
  return new Map(keyed.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function keyOf(metric: Readonly<Record<string, string>>): string {
  // Functions that keep a value's meaning keep the metric's name in VictoriaMetrics, and drop it in Prometheus.
  return Object.entries(metric)
    .filter(([name]) => name !== '__name__')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** Empty when the answers agree, else the first difference in words. */
export function difference(ours: ReturnType<typeof normalized>, theirs: ReturnType<typeof normalized>): string {
  if (ours.size !== theirs.size) return `${ours.size} series against ${theirs.size}`;
  for (const [key, points] of ours) {
    const other = theirs.get(key);
    if (other === undefined) return `${key} is missing`;
    if (other.length !== points.length) return `${key}: ${points.length} points against ${other.length}`;
    for (const [i, [at, text]] of points.entries()) {
      const [otherAt, otherText] = other[i] as readonly [number, string];
      if (at !== otherAt) return `${key}: stamp ${at} against ${otherAt}`;
      const [a, b] = [Number(text), Number(otherText)];
      if (Math.abs(a - b) > RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1e-300)) {
        return `${key} at ${at}: ${text} against ${otherText}`;
      }
    }
  }
  return '';
}
