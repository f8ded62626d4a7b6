/**
 * `npm run bench -- peers`: one seeded generator feeds Tapewatch, VictoriaMetrics and Prometheus (and Telegraf's NATS
 * consumer, where it is installed) one after the other in the same run. CPU is of the whole process, after a million
 * samples that are not measured, until everything answers queries; a broker's stands beside it. Then disk, and a fixed
 * set of queries after a restart, whose answers are compared.
 */
import { Answers } from '../test/fault/answers.ts';
import { until } from '../tools/demo/process.ts';
import { shorterThan, type Demand } from './demand.ts';
import { arrowEncoding } from './peer/arrow-encoding.ts';
import { PeerData } from './peer/data.ts';
import { Prometheus } from './peer/prometheus.ts';
import { difference, normalized, QUESTIONS } from './peer/questions.ts';
import type { System } from './peer/system.ts';
import { LINE, Tapewatch } from './peer/tapewatch.ts';
import { Telegraf } from './peer/telegraf.ts';
import { VictoriaMetrics } from './peer/victoria-metrics.ts';
import { quantileOf } from './viewers.ts';

/** Inside every system's idea of the present. */
const END_AGO_MS = 300_000;
/** Sent before anything is measured: processes that compile their code while they run are measured as they run for days. */
const WARM_SAMPLES = 1_000_000;

const COUNTED_TIMEOUT_MS = 10_000;

/** What its demands speak of. */
const FULL = { series: 10_000, samples: 3_000_000, repeats: 20 };
/** A stamp and a value as they are, of eight bytes each. */
const PLAIN_BYTES = 16;

export interface PeersOptions {
  readonly series: number;
  readonly samples: number;
  readonly repeats: number;
  /** Only systems whose name begins so. */
  readonly only: string;
}

export interface PeerResult {
  readonly system: string;
  /** Of samples stamped as they were sent, as live telemetry is. */
  readonly cpuSecondsPerMillion: number;
  /** Of a day of past stamps, 10,000 series at a time, in order. */
  readonly backfillCpuSecondsPerMillion: number;
  /** CPU of the broker for live samples, which only some ways in have. */
  readonly brokerCpuSecondsPerMillion: number;
  readonly samplesPerSecond: number;
  readonly rssMb: number;
  readonly bytesPerSample: number;
  readonly lost: number;
  /** Of all queries of the set. */
  readonly queryP95Ms: number;
  readonly queries: Readonly<Record<string, { readonly p50Ms: number; readonly p95Ms: number }>>;
}

export interface PeersReport {
  readonly results: readonly PeerResult[];
  readonly missing: readonly string[];
  /** Questions whose answers differ between us and a peer, in words. */
  readonly differences: readonly string[];
}

type Answer = ReturnType<typeof normalized>;

export async function benchPeers({ series, samples, repeats, only }: PeersOptions): Promise<PeersReport> {
  const endMs = Date.now() - END_AGO_MS;
  const past = new PeerData({ kind: 'past', series, samples, endMs });
  const live = new PeerData({ kind: 'live', series, samples, endMs });
  const warm = new PeerData({ kind: 'warm', series, samples: WARM_SAMPLES, endMs: past.startMs - 1_000 });
  const results: PeerResult[] = [];
  const missing: string[] = [];
  const answers: { readonly system: string; readonly byQuestion: readonly Answer[] }[] = [];
  for (const system of systems()) {
    if (!system.name.startsWith(only)) continue;
    const reason = system.missing();
    if (reason !== '') {
      missing.push(`${system.name}: ${reason}`);
      continue;
    }
    console.error(`${system.name} ...`);
    try {
      const { result, byQuestion } = await measure(system, { warm, past, live }, repeats);
      results.push(result);
      if (byQuestion.length > 0) answers.push({ system: system.name, byQuestion });
    } finally {
      await system.stop();
    }
  }
  return { results, missing, differences: compare(answers) };
}

function systems(): System[] {
  const ours = [LINE, arrowEncoding()].map((encoding) => new Tapewatch(encoding));
  return [new VictoriaMetrics(), new Prometheus(), ...ours, new Telegraf()];
}

async function measure(
  system: System,
  { warm, past, live }: { readonly warm: PeerData; readonly past: PeerData; readonly live: PeerData },
  repeats: number,
): Promise<{ result: PeerResult; byQuestion: readonly Answer[] }> {
  await system.start();
  await system.load(warm);
  // The past first: a system that takes samples in order only would refuse it afterwards.
  const backfill = await loadMeasured(system, past);
  const present = await loadMeasured(system, live);
  const { peakRssMb } = system.usage();
  const bytes = await system.bytesOnDisk();
  const { times, byQuestion } = system.api === '' ? { times: [], byQuestion: [] } : await askAll(system, past, repeats);
  const all = times.flatMap(({ values }) => values).sort((a, b) => a - b);
  const result = {
    system: system.name,
    cpuSecondsPerMillion: round(present.cpuSecondsPerMillion),
    backfillCpuSecondsPerMillion: round(backfill.cpuSecondsPerMillion),
    brokerCpuSecondsPerMillion: round(present.brokerCpuSecondsPerMillion),
    ...{ samplesPerSecond: Math.round(present.samplesPerSecond), rssMb: Math.round(peakRssMb) },
    bytesPerSample: round(bytes / (warm.samples + past.samples + live.samples)),
    ...{ lost: backfill.lost + present.lost, queryP95Ms: round(quantileOf(all, 0.95)) },
    queries: Object.fromEntries(
      times.map(({ name, values }) => {
        return [name, { p50Ms: round(quantileOf(values, 0.5)), p95Ms: round(quantileOf(values, 0.95)) }];
      }),
    ),
  };
  return { result, byQuestion };
}

async function loadMeasured(
  system: System,
  data: PeerData,
): Promise<{
  readonly cpuSecondsPerMillion: number;
  readonly brokerCpuSecondsPerMillion: number;
  readonly samplesPerSecond: number;
  readonly lost: number;
}> {
  const before = { own: system.usage().cpuSeconds, beside: system.besideCpuSeconds() };
  const started = performance.now();
  await system.load(data);
  const seconds = (performance.now() - started) / 1_000;
  const perMillion = (cpuSeconds: number): number => (cpuSeconds / data.samples) * 1e6;
  return {
    cpuSecondsPerMillion: perMillion(system.usage().cpuSeconds - before.own),
    brokerCpuSecondsPerMillion: perMillion(system.besideCpuSeconds() - before.beside),
    samplesPerSecond: data.samples / seconds,
    lost: await lostBy(system, data),
  };
}

/** A count may come amid a merge of what was just flushed, and be short for a moment: lost is what stays missing. */
async function lostBy(system: System, data: PeerData): Promise<number> {
  let counted: number | undefined;
  const isWhole = async (): Promise<true | undefined> => {
    counted = undefined;
    counted = await system.count(data);
    return counted === data.samples || undefined;
  };
  const wait = { what: 'every sample is counted', timeoutMs: COUNTED_TIMEOUT_MS, everyMs: 1_000 };
  await until(isWhole, wait).catch((error: unknown) => {
    if (counted === undefined) throw error;
  });
  return data.samples - (counted ?? 0);
}

async function askAll(
  system: System,
  data: PeerData,
  repeats: number,
): Promise<{ times: { name: string; values: number[] }[]; byQuestion: Answer[] }> {
  const answers = new Answers(system.api);
  const times: { name: string; values: number[] }[] = [];
  const byQuestion: Answer[] = [];
  for (const { name, ask } of QUESTIONS) {
    const values: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const started = performance.now();
      const found = await ask(answers, data, repeat);
      values.push(performance.now() - started);
      if (repeat === 0) byQuestion.push(normalized(found));
    }
    times.push({ name, values: values.sort((a, b) => a - b) });
  }
  return { times, byQuestion };
}

/** Ours speaks of line protocol, which VictoriaMetrics is given too. What suffices for STO-09 is what dashboards need (PRF-09). */
export function peersDemands(report: PeersReport, { series, samples, repeats }: PeersOptions): Demand[] {
  const { results, differences } = report;
  const of = (name: string): PeerResult | undefined => results.find(({ system }) => system.startsWith(name));
  const [ours, theirs] = [of(`tapewatch, ${LINE.name}`), of('victoria')];
  const unjudged = shorterThan(FULL, { series, samples, repeats });
  const cost = (name: string, read: (result: PeerResult) => number): Demand => ({
    ...{ name: `${name} beside VictoriaMetrics`, value: ours && theirs && read(ours) / read(theirs) },
    ...{ unit: 'times its CPU', bound: 'at most', limit: 1, goal: 0.7, unjudged },
  });
  const none = { unit: '', bound: 'at most', limit: 0 } as const;
  const lost = results.reduce((sum, one) => sum + Math.abs(one.lost), 0);
  const disk: Demand = {
    ...{ name: 'disk', value: ours?.bytesPerSample, unit: 'bytes a sample', bound: 'at most', limit: PLAIN_BYTES },
    ...{ rows: ['STO-09'], unjudged },
  };
  const queries: Demand = {
    ...{ name: 'queries, p95', value: ours?.queryP95Ms, unit: 'ms', bound: 'below', limit: 2_000 },
    ...{ rows: ['STO-09'], unjudged },
  };
  return [
    cost('live', ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion),
    cost('backfill', ({ backfillCpuSecondsPerMillion }) => backfillCpuSecondsPerMillion),
    { name: 'answers that differ', value: results.length > 1 ? differences.length : undefined, ...none },
    { name: 'samples lost', value: lost, ...none },
    disk,
    queries,
  ];
}

/** Each system with each other, so that a difference shows whose answer stands alone. */
function compare(answers: readonly { readonly system: string; readonly byQuestion: readonly Answer[] }[]): string[] {
  const found: string[] = [];
  for (const [i, one] of answers.entries()) {
    for (const other of answers.slice(i + 1)) {
      for (const [q, { name }] of QUESTIONS.entries()) {
        const [a, b] = [one.byQuestion[q], other.byQuestion[q]];
        const text = a === undefined || b === undefined ? 'no answer' : difference(a, b);
        if (text !== '') found.push(`${name}: ${one.system} and ${other.system} differ: ${text}`);
        else if (a?.size === 0) found.push(`${name}: nobody answers anything`);
      }
    }
  }
  return found;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
