/** Our own HTTP API, under the names by which rules ask for it (REQUIREMENTS.md MET-55, MET-56, RUL-15, RUL-19). */
import type { Collector, Figure } from './collector.ts';

export interface ApiSource {
  requests(): Promise<readonly { readonly route: string; readonly status: string; readonly count: number }[]>;
  p95Ms(): Promise<number | undefined>;
}

const SERVICE = 'tapewatch';

export function apiCollector(source: ApiSource): Collector {
  return {
    group: 'api',
    async collect() {
      const [requests, p95Ms] = await Promise.all([source.requests(), source.p95Ms()]);
      const figures = requests.map(({ route, status, count }): Figure => ({
        name: 'api_requests_total',
        kind: 'counter',
        unit: '1',
        help: 'Requests to the HTTP API, by route and status.',
        labels: { service: SERVICE, route, status },
        value: count,
      }));
      if (p95Ms === undefined) return figures;
      const help = 'p95 of the time of HTTP requests in the last five minutes, in milliseconds.';
      const p95: Figure = {
        name: 'http_request_duration_p95',
        kind: 'gauge',
        unit: 'milliseconds',
        help,
        labels: { service: SERVICE },
        value: p95Ms,
      };
      return [...figures, p95];
    },
  };
}
