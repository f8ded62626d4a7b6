/**
 * The differential test by the whole way of a user: the same samples by remote write into a real Prometheus and into the
 * built sidecar, the same questions to both over HTTP. First memory answers, then, after a restart, the store does: what
 * differential.test.ts says of the evaluation alone is said here of how samples are kept and read, too.
 */
import { connect } from '@nats-io/transport-node';
import type { EvaluationRange, SeriesData } from '@tapewatch/core';
import { until } from '../../tools/demo/process.ts';
import { ensureSidecar, World } from '../fault/world.ts';
import { type Answer, differenceOf, readApi } from './answer.ts';
import { type Difference, RULES } from './explanation.ts';
import { EXPRESSIONS, ourName, theirName } from './expressions.ts';
import { LENGTH_MS, marketData, START_MS } from './market-data.ts';
import { type ApiAnswer, installedPrometheus, PrometheusServer } from './prometheus-server.ts';
import { randomExpression } from './random-expression.ts';
import { writeRequest } from './remote-write.ts';
import { smallestDifference } from './shrink.ts';

const FIRST_SEED = Number(process.env['TAPEWATCH_SEED'] ?? 77_000);
const RANDOM_EXPRESSIONS = Number(process.env['TAPEWATCH_EXPRESSIONS'] ?? 40);
const LIMIT_MS = 600_000;
const SLICE_MS = 60_000;
/** Two hours fit into memory; after the restart one minute does, which is younger than any sample. */
const HEADS = { memory: 120, store: 1 } as const;
const STREAM = { name: 'written', subject: 'written.>', payload: 'metric', codec: 'remote-write', lateness: '5h' };
/** Ours are kept as what each stamp added, so their windows end on whole seconds: rates of them differ by design. */
const OF_NATIVE = /fill_seconds/;

const version = installedPrometheus();
const major = Number.parseInt(version ?? '2', 10);
const runs = version !== undefined || process.env['CI'] === 'true';
if (!runs) console.warn('skipped: no prometheus on PATH (with CI=true this fails)');

/** All stamps lie so much later that the sidecar takes them as samples of the last hour. */
const LATER_MS = Math.floor((Date.now() - LENGTH_MS - 2 * SLICE_MS - START_MS) / SLICE_MS) * SLICE_MS;
const FROM_MS = START_MS + LATER_MS;
const INSTANT_MS = FROM_MS + LENGTH_MS - 900_000 + 500;
const RANGES: readonly EvaluationRange[] = [
  { startMs: INSTANT_MS, endMs: INSTANT_MS, stepMs: 0 },
  { startMs: FROM_MS + 900_500, endMs: FROM_MS + LENGTH_MS - 300_000 + 500, stepMs: 97_000 },
];

function data(): SeriesData[] {
  return marketData(20_260_807)
    .filter(({ histograms }) => histograms === undefined)
    .map((series) => ({ ...series, timesMs: Array.from(series.timesMs, (ms) => ms + LATER_MS) }));
}

function questions(): string[] {
  const random = Array.from({ length: RANDOM_EXPRESSIONS }, (_, i) => randomExpression(FIRST_SEED + i, major));
  const later = (_: string, seconds: string): string => `@ ${(Number(seconds) + LATER_MS / 1_000).toFixed(1)}`;
  return [...EXPRESSIONS, ...random]
    .filter((expr) => !OF_NATIVE.test(expr))
    .map((expr) => expr.replace(/@ (\d{10}(?:\.\d+)?)/g, later));
}

type Ask = (path: 'query' | 'query_range', parameters: Readonly<Record<string, string>>) => Promise<ApiAnswer>;

async function answerOf(
  ask: Ask,
  query: string,
  { startMs, endMs, stepMs }: EvaluationRange,
): Promise<Answer | undefined> {
  const [start, end, step] = [startMs, endMs, stepMs].map((ms) => String(ms / 1_000)) as [string, string, string];
  const answer =
    stepMs === 0 ? await ask('query', { query, time: start }) : await ask('query_range', { query, start, end, step });
  return answer.status === 'error' ? undefined : readApi(answer);
}

async function write(world: World, series: readonly SeriesData[]): Promise<void> {
  const nats = await connect({ servers: world.natsUrl });
  for (let from = FROM_MS; from < FROM_MS + LENGTH_MS; from += SLICE_MS) {
    const body = writeRequest(series, from, from + SLICE_MS);
    if (body !== undefined) nats.publish('written.prometheus', body);
    await nats.flush();
  }
  await nats.close();
  const sent = series.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  const isStored = async (): Promise<true | undefined> =>
    (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: STREAM.name }) === sent || undefined;
  await until(isStored, { what: `${sent} samples are stored`, timeoutMs: 60_000 });
}

(runs ? it : it.skip)(
  `answers over HTTP as Prometheus ${version ?? ''} does, from memory and after a restart from the store`,
  async () => {
    ensureSidecar();
    const series = data();
    const prometheus = await PrometheusServer.start(series);
    const world = await World.prepare({ config: { streams: [STREAM], pipeline: { headMinutes: HEADS.memory } } });
    const ours: Ask = async (path, parameters) => {
      const body = new URLSearchParams(parameters);
      return (await (await fetch(`${world.http}/api/v1/${path}`, { method: 'POST', body })).json()) as ApiAnswer;
    };
    const compare = async (expr: string, range: EvaluationRange): Promise<Difference | undefined> => {
      const [expected, got] = await Promise.all([
        answerOf((...asked) => prometheus.ask(...asked), theirName(expr, major), range),
        answerOf(ours, ourName(expr), range),
      ]);
      if (differenceOf(expected, got) === undefined) return undefined;
      return { expr: ourName(expr), range, data: series, expected, got, major };
    };
    const unexplained = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const expr of questions()) {
        for (const range of RANGES) {
          const difference = await compare(expr, range);
          if (difference === undefined) continue;
          const smallest = await smallestDifference(difference, compare);
          if (RULES.some((rule) => rule.explains(smallest))) continue;
          found.push(`${smallest.expr} at ${range.stepMs} ms: ${differenceOf(smallest.expected, smallest.got)}`);
        }
      }
      return found;
    };
    try {
      await world.startNats();
      await world.startSidecar();
      await write(world, series);
      expect(await unexplained()).toEqual([]);
      await world.sidecar.stop();
      world.settings['pipeline'] = { headMinutes: HEADS.store };
      await world.startSidecar();
      expect(await unexplained()).toEqual([]);
    } finally {
      await world.close();
      await prometheus.stop();
    }
  },
  LIMIT_MS,
);
