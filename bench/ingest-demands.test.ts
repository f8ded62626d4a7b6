import { verdictOf } from './demand.ts';
import { highestDemands, ingestDemands } from './ingest-demands.ts';
import { INGEST_CASES, otherCase, type IngestResult } from './ingest.ts';
import { BENCH_CODECS } from './templates.ts';

const good = (over: Partial<IngestResult> = {}): IngestResult => ({
  ...{ codec: 'json-single', delivery: 'core', samplesPerSecond: 50_050, microsPerSample: 7, microsP95: 8 },
  ...{ cpuCores: 0.35, natsCpuCores: 0.1, rssMb: 500, visibleP50Ms: 1, visibleP99Ms: 4, storedLagMs: 1_200 },
  ...{ stallMs: 45, drainMs: 800, lost: 0, ...over },
});
const results = INGEST_CASES.map(({ codec, delivery, rate }) =>
  good({ codec, delivery, samplesPerSecond: rate * 1.002 }),
);

const verdicts = (demands: ReturnType<typeof ingestDemands>) =>
  Object.fromEntries(demands.map((demand) => [demand.name, verdictOf(demand)]));

it('judges a whole run, each demand under a name of its own', () => {
  const demands = ingestDemands(results, INGEST_CASES);
  const found = verdicts(demands);
  expect(Object.keys(found)).toHaveLength(demands.length);
  expect(Object.values(found)).not.toContain('missed');
  expect(Object.values(found)).not.toContain('not judged');
  expect(found['line-batch-100 over jetstream: samples a second, none lost']).toBe('goal');
});

it('misses each limit that a run of singles passes', () => {
  const worse = good({
    ...{ samplesPerSecond: 49_990, microsPerSample: 10, microsP95: 12, cpuCores: 0.41, rssMb: 1_000 },
    ...{ visibleP99Ms: 10, storedLagMs: 10_000, stallMs: 50, lost: 1 },
  });
  const demands = ingestDemands([worse], INGEST_CASES);
  const missed = demands.filter((demand) => verdictOf(demand) === 'missed');
  expect(missed).toHaveLength(9);
  expect(missed.every(({ name }) => name.startsWith('json-single over core: '))).toBe(true);
});

it('calls no rate good at which samples were lost', () => {
  const lossy = results.map((result) => ({ ...result, lost: 1 }));
  const rows = ingestDemands(lossy, INGEST_CASES)
    .filter((demand) => verdictOf(demand) === 'missed')
    .flatMap(({ rows: shown = [] }) => shown);
  expect(rows).toEqual(expect.arrayContaining(['PRF-01', 'PRF-08']));
});

it('judges of a shorter or slower run only what it lost, and nothing of a case that was not run', () => {
  const short = INGEST_CASES.map((one) => ({ ...one, seconds: 5 }));
  const judged = (demands: ReturnType<typeof ingestDemands>): string[] =>
    Object.entries(verdicts(demands)).flatMap(([name, verdict]) => (verdict === 'not judged' ? [] : [name]));
  const lossOnly = INGEST_CASES.map(({ codec, delivery }) => `${codec} over ${delivery}: samples lost`);
  expect(judged(ingestDemands(results, short))).toEqual(lossOnly);
  const slow = INGEST_CASES.map((one) => ({ ...one, rate: 1_000 }));
  expect(judged(ingestDemands(results, slow))).toEqual(lossOnly);
  const only = ingestDemands(results.slice(0, 1), INGEST_CASES.slice(0, 1));
  expect(judged(only).every((name) => name.startsWith('json-single over core: '))).toBe(true);
});

it('judges of a case that no issue names what it lost', () => {
  const asked = [otherCase('msgpack-batch-100')];
  const judged = (lost: number): Record<string, string> =>
    verdicts(ingestDemands([good({ codec: 'msgpack-batch-100', lost })], asked).slice(-1));
  expect(judged(0)).toEqual({ 'msgpack-batch-100 over core: samples lost': 'met' });
  expect(judged(1)).toEqual({ 'msgpack-batch-100 over core: samples lost': 'missed' });
});

it('judges the highest rates of a full search that an issue asks for, and tells the others', () => {
  const highest = [good({ codec: 'line-batch-100', samplesPerSecond: 1_198_001 }), good({ samplesPerSecond: 295_157 })];
  const of = (results: readonly IngestResult[], seconds: number): string[] =>
    highestDemands(results, { seconds, series: 10_000 }).map(verdictOf);
  const others = BENCH_CODECS.length * 2 - 2;
  const none = Array.from({ length: others }, () => 'not judged');
  expect(of(highest, 4)).toEqual(['goal', 'met', ...none]);
  expect(of(highest, 1)).toEqual(['not judged', 'not judged', ...none]);
  expect(of([], 4)).toEqual(['not judged', 'not judged', ...none]);
  const told = highestDemands([good({ codec: 'otlp-batch-100' })], { seconds: 4, series: 10_000 });
  expect(told.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))).toEqual([
    ['otlp-batch-100: highest rate', 50_050],
    ['otlp-batch-100: longest stall', 45],
  ]);
});
