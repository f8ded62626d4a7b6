/**
 * What each service does for its callers: the RED row (rate, errors, duration) of every service, the indicators of all of
 * them side by side, and uptime against its target. What a service exposes itself is preferred, then its spans, then what it reports.
 */
import { PER_SECOND, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { scraped } from '../target.ts';
import { UPTIME_PERCENT } from './limit.ts';

const OF_SERVICE = 'service=~"$service"';
const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;
const requests = (matchers: string): string => rate(`http_requests_total{${matchers}}`);
const spans = (matchers: string): string => rate(`traces_spanmetrics_calls_total{${matchers}}`);
const SERVED = 'span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"';
const FAILED_SPAN = `${SERVED}, status_code="STATUS_CODE_ERROR"`;

/** In seconds, from buckets, else from the durations of spans, else as the service says. */
function duration(q: number): string {
  const buckets = `sum by (service, le) (${rate(`http_request_duration_seconds_bucket{${OF_SERVICE}}`)})`;
  const ofSpans = `sum by (service) (${rate(`traces_spanmetrics_latency{${OF_SERVICE}, ${SERVED}}`)})`;
  const told = `max by (service) (response_time_p${q * 100}_ms{${OF_SERVICE}}) / 1000`;
  return `histogram_quantile(${q}, ${buckets}) or histogram_quantile(${q}, ${ofSpans}) or ${told}`;
}

export const red: Section = {
  id: 100,
  title: 'Service $service',
  repeat: 'service',
  panels: [
    timeSeries({
      id: 10,
      title: 'Requests',
      description:
        'Requests a second that the service answered: counted by itself, else by its spans, else as it reports.',
      w: 8,
      h: 8,
      unit: PER_SECOND,
      interval: '15s',
      targets: [
        scraped(
          'A',
          `sum by (service) (${requests(OF_SERVICE)}) or sum by (service) (${spans(`${OF_SERVICE}, ${SERVED}`)}) or sum by (service) (requests_per_second{${OF_SERVICE}})`,
          '{{service}}',
        ),
      ],
    }),
    timeSeries({
      id: 11,
      title: 'Errors by type',
      description:
        'Answers a second that were errors, by status code (4xx is the caller, 5xx the service), and the share of all requests that the service failed.',
      w: 8,
      h: 8,
      unit: PER_SECOND,
      interval: '15s',
      overrides: [
        {
          matcher: { id: 'byFrameRefID', options: 'B' },
          properties: [
            { id: 'unit', value: 'percentunit' },
            { id: 'custom.axisPlacement', value: 'right' },
          ],
        },
      ],
      targets: [
        scraped(
          'A',
          `sum by (code) (${requests(`${OF_SERVICE}, code=~"[45].."`)}) or sum by (status_code) (${spans(`${OF_SERVICE}, ${FAILED_SPAN}`)})`,
          '{{code}}{{status_code}}',
        ),
        scraped(
          'B',
          `sum by (service) (${requests(`${OF_SERVICE}, code=~"5.."`)}) / sum by (service) (${requests(OF_SERVICE)}) or sum by (service) (${spans(`${OF_SERVICE}, ${FAILED_SPAN}`)}) / sum by (service) (${spans(`${OF_SERVICE}, ${SERVED}`)}) or max by (service) (error_rate_percent{${OF_SERVICE}}) / 100`,
          'failed',
        ),
      ],
    }),
    timeSeries({
      id: 12,
      title: 'Duration',
      description:
        'p50, p95 and p99 of the time of a request. From buckets of fixed limits it is interpolated inside one; from spans it is exact to 0.54 %.',
      w: 8,
      h: 8,
      unit: 's',
      interval: '15s',
      targets: [
        scraped('A', duration(0.5), 'p50'),
        scraped('B', duration(0.95), 'p95'),
        scraped('C', duration(0.99), 'p99'),
      ],
    }),
  ],
};

const INDICATOR = { w: 8, h: 8, interval: '15s' } as const;

export const indicators: Section = {
  id: 200,
  title: 'Indicators of all services',
  panels: [
    timeSeries({
      ...INDICATOR,
      id: 20,
      title: 'Answers by status code',
      description: 'Answers of all services a second, by the status code of HTTP.',
      unit: PER_SECOND,
      style: 'bars',
      stack: true,
      targets: [scraped('A', `sum by (code) (${rate('http_requests_total')})`, '{{code}}')],
    }),
    timeSeries({
      ...INDICATOR,
      id: 21,
      title: 'HTTP latency p95 by endpoint',
      description: '95th percentile of the time of a request, merged over the instances of each endpoint.',
      unit: 's',
      targets: [
        scraped(
          'A',
          `histogram_quantile(0.95, sum by (service, endpoint, le) (${rate('http_request_duration_seconds_bucket')}))`,
          '{{service}} {{endpoint}}',
        ),
      ],
    }),
    timeSeries({
      ...INDICATOR,
      id: 22,
      title: 'Mean time of database queries',
      description: 'As databases report it, by instance. The rows of each kind of database are further down.',
      unit: 'ms',
      targets: [scraped('A', 'max by (instance) (avg_query_duration_ms)', '{{instance}}')],
    }),
    timeSeries({
      ...INDICATOR,
      id: 23,
      title: 'Messages processed',
      description: 'Messages a second that each service has worked through.',
      unit: PER_SECOND,
      targets: [scraped('A', `sum by (service) (${rate('messages_processed_total')})`, '{{service}}')],
    }),
    timeSeries({
      ...INDICATOR,
      id: 24,
      title: 'Error rate by service',
      description: 'Share of requests that each service failed (5xx).',
      unit: 'percentunit',
      targets: [
        scraped(
          'A',
          `sum by (service) (${requests('code=~"5.."')}) / sum by (service) (${rate('http_requests_total')}) or max by (service) (error_rate_percent) / 100`,
          '{{service}}',
        ),
      ],
    }),
    timeSeries({
      ...INDICATOR,
      id: 25,
      title: 'Error rate by endpoint',
      description:
        'Share of requests that failed (5xx), by endpoint: one bad endpoint hides in the rate of its service.',
      unit: 'percentunit',
      targets: [
        scraped(
          'A',
          `sum by (service, endpoint) (${requests('code=~"5.."')}) / sum by (service, endpoint) (${rate('http_requests_total')})`,
          '{{service}} {{endpoint}}',
        ),
      ],
    }),
    timeSeries({
      ...INDICATOR,
      id: 26,
      title: 'Uptime against the target',
      description:
        'Share of the scrapes of the last hour that reached each service, mean of its instances. The dashed line is the target of 99.9 %: 43 minutes a month.',
      w: 12,
      unit: 'percent',
      decimals: 2,
      max: 100,
      // Between nought and a hundred nobody could tell three nines from two.
      softMin: 99.5,
      limitLines: true,
      thresholds: steps('red', [UPTIME_PERCENT, 'green']),
      targets: [scraped('A', '100 * avg by (job) (avg_over_time(up[1h]))', '{{job}}')],
    }),
    timeSeries({
      ...INDICATOR,
      id: 27,
      title: 'p95 of inference and of features',
      description: 'p95 of the time of a model and of fetching its features, as each service reports it.',
      w: 12,
      unit: 'ms',
      targets: [
        scraped('A', 'max by (service) (model_inference_time_p95_ms)', '{{service}} inference'),
        scraped('B', 'max by (service) (feature_fetch_time_p95_ms)', '{{service}} features'),
      ],
    }),
  ],
};
