/**
 * The samples that every system gets, in the same order, all series at one stamp and then the next, as a feed brings
 * them: `warm`, an hour of stamps; `past`, 24 h of stamps, sparse; `live`, stamped at the moment of sending. Values walk at
 * random with two decimals (prices, depths); same seed, same values.
 */
import { seededRandom } from '../samples.ts';

const VENUES = ['XNAS', 'XNYS', 'BATS', 'ARCX', 'IEXG'];
const STRATEGIES = ['maker', 'momentum', 'pairs', 'arbitrage'];
const RACKS = 10;
const SPAN_MS = { warm: 3_600_000, past: 86_400_000, live: 86_400_000 };

export interface PeerSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** `,venue=...`, the tags of line protocol. */
  readonly tags: string;
}

export interface Batch {
  readonly timeMs: number;
  /** Numbers of series and their values, side by side. */
  readonly series: readonly number[];
  readonly values: readonly number[];
}

export interface DataPlan {
  readonly kind: 'warm' | 'past' | 'live';
  readonly series: number;
  readonly samples: number;
  /** End of stamps that are not live, milliseconds. */
  readonly endMs: number;
}

export class PeerData {
  readonly metric: string;
  readonly #kind: DataPlan['kind'];
  readonly series: readonly PeerSeries[];
  readonly stepMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly steps: number;
  readonly samples: number;

  constructor({ kind, series, samples, endMs }: DataPlan) {
    this.#kind = kind;
    this.metric = `bench_${kind}`;
    this.series = Array.from({ length: series }, (_, i) => peerSeries(i));
    this.steps = Math.max(2, Math.floor(samples / series));
    this.samples = this.steps * series;
    this.stepMs = Math.floor(SPAN_MS[kind] / this.steps / 1_000) * 1_000;
    this.endMs = Math.floor(endMs / 1_000) * 1_000;
    this.startMs = this.endMs - (this.steps - 1) * this.stepMs;
  }

  /** Batches of `size` samples; a batch holds samples of one stamp. */
  *batches(size: number): Generator<Batch> {
    const random = seededRandom(2_026);
    const cents = this.series.map(() => Math.floor(random() * 100_000));
    for (let step = 0; step < this.steps; step++) {
      for (let from = 0; from < cents.length; from += size) {
        const timeMs = this.#kind === 'live' ? Date.now() : this.startMs + step * this.stepMs;
        const numbers: number[] = [];
        const values: number[] = [];
        for (let i = from; i < Math.min(cents.length, from + size); i++) {
          cents[i] = (cents[i] as number) + Math.floor(random() * 201) - 100;
          numbers.push(i);
          values.push((cents[i] as number) / 100);
        }
        yield { timeMs, series: numbers, values };
      }
    }
  }

  /** How many of them a system counts, as a query; and the second at which to ask it. */
  countQuery(): { readonly expr: string; readonly atSeconds: number } {
    const atSeconds = (this.#kind === 'live' ? Date.now() : this.endMs) / 1_000 + 1;
    return { expr: `sum(count_over_time(${this.metric}[${this.#kind === 'live' ? '1h' : '25h'}]))`, atSeconds };
  }

  /** As InfluxDB line protocol: Telegraf's NATS output and VictoriaMetrics' `/write`. */
  lines({ timeMs, series, values }: Batch): string {
    let text = '';
    for (let i = 0; i < series.length; i++) {
      const { tags } = this.series[series[i] as number] as PeerSeries;
      text += `${this.metric}${tags} value=${values[i]} ${timeMs}000000\n`;
    }
    return text;
  }
}

function peerSeries(i: number): PeerSeries {
  const labels = {
    instance: `i${Math.floor(i / (VENUES.length * STRATEGIES.length))}`,
    rack: `r${Math.floor(i / (VENUES.length * STRATEGIES.length)) % RACKS}`,
    strategy: STRATEGIES[Math.floor(i / VENUES.length) % STRATEGIES.length] as string,
    venue: VENUES[i % VENUES.length] as string,
  };
  const tags = Object.entries(labels).map(([name, value]) => `,${name}=${value}`);
  return { labels, tags: tags.join('') };
}
