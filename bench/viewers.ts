/**
 * Viewers of the demo's board, as far as the sidecar sees them: each asks for ten panels every five seconds over HTTP. A
 * query's latency counts from the moment it was due, so that a slow answer cannot hide the ones behind it. Half of the
 * viewers look at everything, half at one venue; stamps lie on the step grid, as Grafana's do.
 */
import { Pool } from 'undici';
import { seededRandom } from './samples.ts';

export interface ViewerPlan {
  readonly http: string;
  readonly viewers: number;
  readonly refreshSeconds: number;
  readonly seconds: number;
}

export interface ViewerReport {
  readonly queries: number;
  readonly errors: number;
  readonly empty: number;
  readonly seconds: number;
  readonly firstError: string;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly byPanel: Readonly<Record<string, readonly number[]>>;
}

const RANGE_SECONDS = 900;
/** As dashboards/json: `interval` of the panels, and `$__rate_interval` for it. */
const STEP_SECONDS = 5;
const RATE = '6s';
const CONNECTIONS = 64;
/** A browser's user has reloaded by then; it counts as an error. */
const GIVE_UP_MS = 10_000;
const VENUES = ['XNAS', 'XNYS', 'BATS', 'ARCX', 'IEXG'];

/** Ten panels of dashboards/json/trading-operations.json, macros expanded. */
export const PANELS: Readonly<Record<string, (venue: string) => string>> = {
  'ack p99 by venue': (venue) =>
    `histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds{venue=~"${venue}", strategy=~".+"}[${RATE}])))`,
  'ack p50': (venue) => `histogram_quantile(0.5, sum(rate(order_ack_seconds{venue=~"${venue}"}[${RATE}])))`,
  'hop p99 by hop': (venue) =>
    `histogram_quantile(0.99, sum by (hop) (rate(order_hop_seconds{venue=~"${venue}", strategy=~".+"}[${RATE}])))`,
  'feed delay p99 by venue': (venue) =>
    `histogram_quantile(0.99, sum by (venue) (rate(feed_delay_seconds{venue=~"${venue}"}[${RATE}])))`,
  'order events by event': (venue) =>
    `sum by (event) (rate(order_events_total{venue=~"${venue}", strategy=~".+"}[1m]))`,
  'fills by venue': (venue) => `sum by (venue) (rate(fills_total{venue=~"${venue}", strategy=~".+"}[1m]))`,
  'quotes by venue': (venue) => `sum by (venue) (rate(quotes_total{venue=~"${venue}"}[${RATE}]))`,
  'spread by symbol': (venue) => `avg by (symbol) (avg_over_time(quote_spread_bps{venue=~"${venue}"}[${RATE}]))`,
  'orders in flight': (venue) => `sum by (venue) (desk_orders_in_flight{venue=~"${venue}", strategy=~".+"})`,
  'reject share': (venue) =>
    `(sum(rate(order_rejects_total{venue=~"${venue}"}[1m])) or vector(0)) / sum(rate(order_events_total{event="new", venue=~"${venue}"}[1m]))`,
};

export class Viewers {
  readonly #plan: ViewerPlan;
  readonly #pool: Pool;
  readonly #byPanel: Record<string, number[]> = {};
  readonly #underWay = new Set<Promise<void>>();
  #errors = 0;
  #empty = 0;
  #firstError = '';

  constructor(plan: ViewerPlan) {
    this.#plan = plan;
    this.#pool = new Pool(plan.http, { connections: CONNECTIONS, headersTimeout: GIVE_UP_MS, bodyTimeout: GIVE_UP_MS });
  }

  /** Runs for the plan's seconds and waits for the last answers. */
  async watch(): Promise<ViewerReport> {
    const { viewers, refreshSeconds, seconds } = this.#plan;
    const panels = Object.entries(PANELS);
    const random = seededRandom(11);
    const choices = Array.from({ length: viewers }, () =>
      random() < 0.5 ? '.+' : (VENUES[Math.floor(random() * 5)] as string),
    );
    // Spread evenly: viewer by viewer, panel by panel, over each refresh.
    const perRefresh = viewers * panels.length;
    const gapMs = (refreshSeconds * 1_000) / perRefresh;
    const total = Math.floor((seconds * 1_000) / gapMs);
    const started = performance.now();
    for (let sent = 0; sent < total; sent++) {
      const dueMs = started + sent * gapMs;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const slot = sent % perRefresh;
      const [panel, expr] = panels[slot % panels.length] as (typeof panels)[number];
      const asked = this.#ask(panel, expr(choices[Math.floor(slot / panels.length)] as string), dueMs);
      this.#underWay.add(asked);
      void asked.finally(() => this.#underWay.delete(asked));
    }
    await Promise.all(this.#underWay);
    const elapsed = (performance.now() - started) / 1_000;
    await this.#pool.close();
    const latencies = Object.values(this.#byPanel)
      .flat()
      .sort((a, b) => a - b);
    const { queries, errors } = { queries: latencies.length + this.#errors, errors: this.#errors };
    return {
      ...{ queries, errors, empty: this.#empty, seconds: elapsed, firstError: this.#firstError, latencies },
      byPanel: this.#byPanel,
    };
  }

  async #ask(panel: string, expr: string, dueMs: number): Promise<void> {
    const end = Math.floor(Date.now() / 1_000 / STEP_SECONDS) * STEP_SECONDS;
    const range = { start: String(end - RANGE_SECONDS), end: String(end), step: String(STEP_SECONDS) };
    const path = `/api/v1/query_range?${new URLSearchParams({ query: expr, ...range }).toString()}`;
    try {
      const { statusCode, body } = await this.#pool.request({ path, method: 'GET' });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode}: ${text.slice(0, 200)}`);
      if (!text.includes('"values"')) this.#empty++;
      (this.#byPanel[panel] ??= []).push(performance.now() - dueMs);
    } catch (error) {
      this.#errors++;
      this.#firstError ||= `${expr}: ${String(error)}`;
    }
  }
}

/** Of ascending values; NaN when there are none. */
export function quantileOf(ascending: readonly number[], q: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))] ?? NaN;
}
