/** What a sidecar answers over HTTP, and nothing else: queries, health, its own counters. */
import { request } from 'undici';

/** Long enough for a machine that runs other tests too; a hang is a failure all the same. */
const ANSWER_TIMEOUT_MS = 60_000;

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Milliseconds and value text, ascending. */
  readonly points: readonly (readonly [number, string])[];
}

interface Envelope {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

interface SqlTable {
  readonly rows: readonly (readonly unknown[])[];
}

export class Answers {
  readonly #http: string;

  constructor(http: string) {
    this.#http = http;
  }

  async isReady(): Promise<true | undefined> {
    return (await this.readiness()).status === 200 ? true : undefined;
  }

  async readiness(): Promise<{ status: number; detail: Readonly<Record<string, string>> }> {
    const { statusCode, body } = await request(`${this.#http}/readyz`, { headersTimeout: ANSWER_TIMEOUT_MS });
    const { detail = {} } = (await body.json()) as { detail?: Record<string, string> };
    return { status: statusCode, detail };
  }

  /** An instant query; a range selector yields the raw samples. */
  async query(expr: string, timeSeconds?: number): Promise<readonly Series[]> {
    const time: Record<string, string> = timeSeconds === undefined ? {} : { time: String(timeSeconds) };
    return this.#series('/api/v1/query', { query: expr, ...time });
  }

  async queryRange(expr: string, range: { start: number; end: number; step: number }): Promise<readonly Series[]> {
    const { start, end, step } = range;
    return this.#series('/api/v1/query_range', {
      query: expr,
      start: String(start),
      end: String(end),
      step: String(step),
    });
  }

  async #series(path: string, parameters: Record<string, string>): Promise<readonly Series[]> {
    const { statusCode, body } = await request(`${this.#http}${path}?${new URLSearchParams(parameters).toString()}`, {
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
    const { data, error } = (await body.json()) as Envelope;
    if (statusCode !== 200 || data === undefined) throw new Error(`${parameters['query']}: ${error ?? statusCode}`);
    return data.result.map(({ metric, value, values }) => ({
      metric,
      points: (values ?? (value === undefined ? [] : [value])).map(
        ([at, text]) => [Math.round(at * 1_000), text] as const,
      ),
    }));
  }

  /** Value of a query that yields one number; 0 when it yields nothing. */
  async scalar(expr: string, timeSeconds?: number): Promise<number> {
    return Number((await this.query(expr, timeSeconds))[0]?.points[0]?.[1] ?? 0);
  }

  /** Rows of the last hours' event tables, by a SELECT (docs/sql.md). */
  async sql(rawSql: string, lookbackHours: number): Promise<readonly (readonly unknown[])[]> {
    const document = JSON.stringify({ queryType: 'sql', rawSql, lookback: `${lookbackHours}h` });
    const { statusCode, body } = await request(
      `${this.#http}/api/v1/trading/query?${new URLSearchParams({ document }).toString()}`,
      { headersTimeout: ANSWER_TIMEOUT_MS },
    );
    const { data, error } = (await body.json()) as { error?: string; data?: { tables: SqlTable[] } };
    if (statusCode !== 200 || data === undefined) throw new Error(`${rawSql}: ${error ?? statusCode}`);
    return data.tables.flatMap(({ rows }) => rows);
  }

  /** The sidecar's own metrics by name and sorted labels as they are written: `name{a="b"}`. */
  async metrics(): Promise<Metrics> {
    const { body } = await request(`${this.#http}/metrics`, { headersTimeout: ANSWER_TIMEOUT_MS });
    return new Metrics(await body.text());
  }
}

export class Metrics {
  readonly #samples: readonly { name: string; labels: string; value: number }[];

  constructor(text: string) {
    this.#samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name = '', labels = '', value = ''] = /^([^{ ]+)(\{.*\})? ([^ ]+)/.exec(line) ?? [];
        return { name, labels, value: Number(value) };
      });
  }

  /** Sum over the samples of `name` whose labels contain all of `wanted`. */
  sum(name: string, wanted: Readonly<Record<string, string>> = {}): number {
    const texts = Object.entries(wanted).map(([label, value]) => `${label}="${value}"`);
    return this.#samples
      .filter((sample) => sample.name === name && texts.every((text) => sample.labels.includes(text)))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Values of a label of `name`, with what was counted for each. */
  by(name: string, label: string): Readonly<Record<string, number>> {
    const result: Record<string, number> = {};
    for (const sample of this.#samples) {
      if (sample.name !== name) continue;
      const [, value = ''] = new RegExp(`[{,]${label}="([^"]*)"`).exec(sample.labels) ?? [];
      result[value] = (result[value] ?? 0) + sample.value;
    }
    return result;
  }
}
