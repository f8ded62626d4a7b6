/**
 * The differential test by the whole way of a user: the same samples by remote write into a real Prometheus and into the
 * built sidecar, the same questions over HTTP; first answered from memory, then after a restart from the store.
 */
import { connect } from '@nats-io/transport-node';
import { type EvaluationRange, type SeriesData } from '@tapewatch/core';
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

jest.setTimeout(900_000);
const COUNT = Number(process.env['TAPEWATCH_EXPRESSIONS'] ?? 300);
const FIRST = Number(process.env['TAPEWATCH_SEED'] ?? 77_000);
const version = installedPrometheus();
const major = Number.parseInt(version ?? '2', 10);

it('agrees from memory and from the store', async () => {
  ensureSidecar();
  const delta = Math.floor((Date.now() - LENGTH_MS - 120_000 - START_MS) / 60_000) * 60_000;
  const data: SeriesData[] = marketData(20_260_807)
    .filter(({ histograms }) => histograms === undefined)
    .map((s) => ({ ...s, timesMs: Array.from(s.timesMs, (t) => t + delta) }));
  const start = START_MS + delta;
  const instant = start + LENGTH_MS - 900_000 + 500;
  const INSTANT: EvaluationRange = { startMs: instant, endMs: instant, stepMs: 0 };
  const RANGE = { startMs: start + 900_500, endMs: start + LENGTH_MS - 300_000 + 500, stepMs: 97_000 };
  const prometheus = await PrometheusServer.start(data);
  const stream = { name: 'rw', subject: 'rw.>', payload: 'metric', codec: 'remote-write', lateness: '5h' };
  const world = await World.prepare({ config: { streams: [stream] } });
  world.settings['pipeline'] = { headMinutes: 120 };
  await world.startNats();
  await world.startSidecar();
  const nats = await connect({ servers: world.natsUrl });
  let sent = 0;
  for (let from = start; from <= start + LENGTH_MS; from += 60_000) {
    const body = writeRequest(data, from, from + 60_000);
    if (body === undefined) continue;
    nats.publish('rw.a', body);
    await nats.flush();
  }
  for (const { timesMs } of data) sent += timesMs.length;
  await until(async () => (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'rw' }) >= sent || undefined, { what: 'all stored', timeoutMs: 60_000 });
  const shiftExpr = (e: string): string => e.replace(/@ (\d{10}(?:\.\d+)?)/g, (_, t: string) => `@ ${(Number(t) + delta / 1000).toFixed(1)}`);
  const params = (query: string, { startMs, endMs, stepMs }: EvaluationRange): [string, Record<string, string>] =>
    stepMs === 0 ? ['query', { query, time: String(startMs / 1000) }] : ['query_range', { query, start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) }];
  const theirs = async (expr: string, range: EvaluationRange): Promise<Answer | undefined> => {
    const [path, p] = params(theirName(expr, major), range);
    const a = await prometheus.ask(path as 'query', p);
    return a.status === 'error' ? undefined : readApi(a);
  };
  const ours = async (expr: string, range: EvaluationRange): Promise<Answer | undefined> => {
    const [path, p] = params(ourName(expr), range);
    const r = await fetch(`${world.http}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(p) });
    const a = (await r.json()) as ApiAnswer;
    return a.status === 'error' ? undefined : readApi(a);
  };
  const compare = async (expr: string, range: EvaluationRange): Promise<Difference | undefined> => {
    if (/fill_seconds/.test(expr)) return undefined;
    const [expected, got] = await Promise.all([theirs(expr, range), ours(expr, range)]);
    if (differenceOf(expected, got) === undefined) return undefined;
    return { expr: ourName(expr), range, data, expected, got, major };
  };
  const phase = async (name: string): Promise<string[]> => {
    let equal = 0;
    const unexplained: string[] = [];
    const explained: Record<string, number> = {};
    const all = [...EXPRESSIONS, ...Array.from({ length: COUNT }, (_, i) => randomExpression(FIRST + i, major))].map(shiftExpr).filter((e) => !/fill_seconds/.test(e));
    for (const expr of all) for (const range of [INSTANT, RANGE]) {
      const found = await compare(expr, range);
      if (found === undefined) { equal++; continue; }
      const smallest = await smallestDifference(found, compare);
      const rule = RULES.find((r) => r.explains(smallest));
      if (rule === undefined) unexplained.push(`${range.stepMs === 0 ? 'instant' : 'range'}: ${smallest.expr} | ${differenceOf(smallest.expected, smallest.got)}`);
      else explained[rule.name] = (explained[rule.name] ?? 0) + 1;
    }
    console.log(name, all.length, 'expressions', equal, 'equal', JSON.stringify(explained), unexplained.length, 'unexplained\n' + unexplained.slice(0, 40).join('\n'));
    return unexplained;
  };
  try {
    const a = await phase('memory');
    await world.sidecar.stop();
    world.settings['pipeline'] = { headMinutes: 1 };
    await world.startSidecar();
    const b = await phase('store');
    expect([...a, ...b]).toEqual([]);
  } finally {
    await nats.close();
    await world.close();
    await prometheus.stop();
  }
});
