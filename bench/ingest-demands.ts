/**
 * What is demanded of the ingest: of single samples the required 50,000 a second within 40 % of one core (the strict
 * reading of PRF-04, whose machine the sources do not name), of batches of a hundred 500,000, durable the same or as
 * much, and of Arrow a million. Each speaks of its case as a whole run has it; a shorter or slower one is not judged.
 */
import { shorterThan, type Demand } from './demand.ts';
import { INGEST_CASES, type IngestCase, type IngestResult } from './ingest.ts';
import { BENCH_CODECS, type BenchCodec } from './templates.ts';

/** Of the highest rates: what a second can show of a burst. */
const HIGHEST_FULL = { seconds: 4, series: 10_000 };
const HIGH = { unit: '/s', bound: 'at least' } as const;
const GB_IN_MIB = 1e9 / 2 ** 20;

type Asked = Pick<IngestCase, 'codec' | 'delivery' | 'rate' | 'series' | 'seconds'>;

/** `asked`: the cases as they were run; results in their order. Of a case that nobody asks for by name, only what it lost. */
export function ingestDemands(results: readonly IngestResult[], asked: readonly Asked[]): Demand[] {
  const isNamed = (one: Asked): boolean =>
    INGEST_CASES.some(({ codec, delivery }) => codec === one.codec && delivery === one.delivery);
  return [...INGEST_CASES, ...asked.filter((one) => !isNamed(one))].flatMap((full) => {
    const isThis = ({ codec, delivery }: Pick<IngestResult, 'codec' | 'delivery'>): boolean =>
      codec === full.codec && delivery === full.delivery;
    const [result, run] = [results.find(isThis), asked.find(isThis)];
    const { rate, series, seconds } = full;
    const unjudged = run === undefined ? 'not run' : shorterThan({ rate, series, seconds }, settingsOf(run));
    const about = `${full.codec} over ${full.delivery}`;
    const lost: Demand = { name: 'samples lost', value: result?.lost, unit: '', bound: 'at most', limit: 0 };
    const demands = [lost, ...demandsOf(full, result).map((demand) => ({ ...demand, unjudged }))];
    return demands.map((demand) => ({ ...demand, name: `${about}: ${demand.name}` }));
  });
}

function settingsOf({ rate, series, seconds }: Asked): Record<string, number> {
  return { rate, series, seconds };
}

function demandsOf(full: Asked, result: IngestResult | undefined): Demand[] {
  // A rate at which samples are lost is no rate.
  const kept = result === undefined ? undefined : result.lost === 0 ? result.samplesPerSecond : NaN;
  const rate = { name: 'samples a second, none lost', value: kept, unit: '/s' };
  switch (`${full.codec} over ${full.delivery}`) {
    case 'json-single over core':
      return [{ ...rate, bound: 'above', limit: 50_000, rows: ['PRF-01'] }, ...singleDemands(result)];
    case 'line-batch-100 over core':
      return [{ ...rate, bound: 'at least', limit: 500_000, goal: 1_000_000 }];
    case 'json-single over jetstream':
      return [{ ...rate, bound: 'at least', limit: 50_000 }];
    case 'line-batch-100 over jetstream':
      return [{ ...rate, bound: 'at least', limit: 50_000, goal: 500_000 }];
    case 'arrow-batch-1000 over core':
      return [{ ...rate, bound: 'at least', limit: 1_000_000, rows: ['PRF-08'] }, ...millionDemands(result)];
    default:
      return [];
  }
}

function singleDemands(result: IngestResult | undefined): Demand[] {
  const of = (read: (result: IngestResult) => number): Pick<Demand, 'value'> => ({
    value: result === undefined ? undefined : read(result),
  });
  const most = (unit: string, limit: number): Pick<Demand, 'unit' | 'bound' | 'limit'> => ({
    ...{ unit, limit, bound: 'at most' },
  });
  const below = (unit: string, limit: number): Pick<Demand, 'unit' | 'bound' | 'limit'> => ({
    ...{ unit, limit, bound: 'below' },
  });
  const cpu = of(({ cpuCores }) => cpuCores * 100);
  const latency = { rows: ['PRF-02'], ...below('us', 10) };
  return [
    { name: 'CPU', ...cpu, ...most('% of a core', 40), goal: 20, rows: ['PRF-04'] },
    { name: 'CPU a sample', ...of(({ microsPerSample }) => microsPerSample), ...latency },
    { name: 'CPU a sample, p95 of the seconds', ...of(({ microsP95 }) => microsP95), ...latency },
    { name: 'peak memory', ...of(({ rssMb }) => rssMb), ...below('MiB', GB_IN_MIB), goal: 0.4 * GB_IN_MIB },
    { name: 'visible, p99', ...of(({ visibleP99Ms }) => visibleP99Ms), ...below('ms', 10), goal: 2 },
    { name: 'longest stall', ...of(({ stallMs }) => stallMs), ...below('ms', 50), goal: 20 },
    {
      name: 'oldest sample not durable',
      ...of(({ storedLagMs }) => storedLagMs),
      ...below('ms', 10_000),
      rows: ['PRF-07'],
    },
  ];
}

/** Full load is the highest that the sources name. */
function millionDemands(result: IngestResult | undefined): Demand[] {
  return [
    { name: 'peak memory', value: result?.rssMb, unit: 'MiB', bound: 'below', limit: 4 * GB_IN_MIB, rows: ['PRF-03'] },
    { name: 'CPU a sample', value: result?.microsPerSample, unit: 'us', bound: 'below', limit: 10, goal: 1 },
  ];
}

const NOT_DEMANDED = 'told, nothing is demanded';

/** Of the highest rates that lose nothing; a codec that found none has none. What no issue asks for is told all the same. */
export function highestDemands(
  results: readonly IngestResult[],
  run: { readonly seconds: number; readonly series: number },
): Demand[] {
  const of = (codec: BenchCodec, read: (result: IngestResult) => number): Pick<Demand, 'value' | 'unjudged'> => {
    const result = results.find((one) => one.codec === codec);
    return result === undefined
      ? { value: undefined, unjudged: 'not run' }
      : { value: read(result), unjudged: shorterThan(HIGHEST_FULL, run) };
  };
  const rate = ({ samplesPerSecond }: IngestResult): number => samplesPerSecond;
  const asked: readonly [BenchCodec, Omit<Demand, 'value'>][] = [
    ['line-batch-100', { name: 'line protocol in hundreds, highest rate', ...HIGH, limit: 500_000, goal: 1_000_000 }],
    ['json-single', { name: 'JSON singles, highest rate', ...HIGH, limit: 50_000 }],
  ];
  const told = (demand: Demand): Demand => ({ ...demand, unjudged: demand.unjudged || NOT_DEMANDED });
  return [
    ...asked.map(([codec, demand]) => ({ ...demand, ...of(codec, rate) })),
    ...BENCH_CODECS.filter((codec) => !asked.some(([one]) => one === codec)).map((codec) =>
      told({ name: `${codec}: highest rate`, ...HIGH, limit: 0, ...of(codec, rate) }),
    ),
    ...BENCH_CODECS.map((codec) =>
      told({
        name: `${codec}: longest stall`,
        unit: 'ms',
        bound: 'at least',
        limit: 0,
        ...of(codec, (r) => r.stallMs),
      }),
    ),
  ];
}
