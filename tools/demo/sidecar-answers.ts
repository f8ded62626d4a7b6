/**
 * Asks the sidecar over HTTP what it has, with PromQL only. Counted are: raw samples of gauges and counters
 * (`count_over_time`), observations (`histogram_count`), and events through the counters derived from them, which the
 * sidecar raises once per event that was new (`max_over_time`, so that the last value counts whatever its age).
 */
import { request } from 'undici';
import { z } from 'zod';
import type { LedgerContent, LedgerTotal } from './ledger-reader.ts';
import type { Stored } from './verdict.ts';

const number = z.string().transform((text) => (text === 'NaN' ? NaN : Number(text.replace('Inf', 'Infinity'))));
const vector = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), number]) })),
  }),
});

export interface VectorItem {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A check lasts a minute and has the store for itself: an hour is everything. */
const RANGE = '1h';
const TIMEOUT_MS = 10_000;

export class SidecarClient {
  readonly #base: string;

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}`;
  }

  async isReady(): Promise<boolean> {
    const { statusCode, body } = await request(`${this.#base}/readyz`, { headersTimeout: TIMEOUT_MS });
    await body.dump();
    return statusCode === 200;
  }

  /** An instant query now; throws with the sidecar's own words when it refuses. */
  async query(expr: string): Promise<readonly VectorItem[]> {
    const url = `${this.#base}/api/v1/query?query=${encodeURIComponent(expr)}`;
    const { statusCode, body } = await request(url, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${expr}: HTTP ${statusCode}: ${text.slice(0, 300)}`);
    return vector.parse(JSON.parse(text)).data.result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
  }

  /** The single value of an aggregate; NaN when there is none. */
  async scalar(expr: string): Promise<number> {
    return (await this.query(expr))[0]?.value ?? NaN;
  }

  /** What is stored of everything in the ledger, two queries a metric name. */
  async stored(ledger: LedgerContent): Promise<(total: LedgerTotal) => Stored | undefined> {
    const names = new Map(ledger.totals.map(({ name, kind }) => [name, kind]));
    const found = new Map<string, Stored>();
    for (const [name, kind] of names) {
      const { count, sum } = QUERIES[kind](name);
      // First the counts: when these are complete, the sums that are asked for afterwards are so too.
      const counts = await this.query(count);
      const sums = new Map(
        (sum === undefined ? [] : await this.query(sum)).map((item) => [keyOf(item.labels), item.value]),
      );
      for (const { labels, value } of counts) {
        const total = sums.get(keyOf(labels));
        found.set(`${name} ${keyOf(labels)}`, { count: value, ...(total === undefined ? {} : { sum: total }) });
      }
    }
    return ({ name, labels }) => found.get(`${name} ${keyOf(labels)}`);
  }
}

const ofNumbers = (name: string) => ({
  count: `count_over_time(${name}[${RANGE}])`,
  sum: `sum_over_time(${name}[${RANGE}])`,
});
const ofDistribution = (name: string) => ({ count: `histogram_count(${name})`, sum: `histogram_sum(${name})` });

const QUERIES: Record<LedgerTotal['kind'], (name: string) => { count: string; sum?: string }> = {
  gauge: ofNumbers,
  counter: ofNumbers,
  observation: ofDistribution,
  latency: ofDistribution,
  event: (name) => ({ count: `max_over_time(${name}[${RANGE}])` }),
};

function keyOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).filter(([name, value]) => name !== '__name__' && value !== '');
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}
