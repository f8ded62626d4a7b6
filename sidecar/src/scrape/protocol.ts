/**
 * Which format is asked for and which came. Source: Prometheus documentation, "Content negotiation" and
 * "fallback_scrape_protocol": an answer without a known content type is an error rather than a guess.
 */
import type { ScrapeProtocol } from '@tapewatch/contract';
import { ScrapeFault } from './scrape-fault.ts';

export type PageFormat = 'prometheus' | 'openmetrics' | 'protobuf';

const PROTOBUF = 'application/vnd.google.protobuf';

const MEDIA: Readonly<Record<ScrapeProtocol, { readonly accept: string; readonly format: PageFormat }>> = {
  PrometheusProto: {
    accept: `${PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=delimited`,
    format: 'protobuf',
  },
  'OpenMetricsText1.0.0': {
    accept: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
    format: 'openmetrics',
  },
  'OpenMetricsText0.0.1': { accept: 'application/openmetrics-text;version=0.0.1', format: 'openmetrics' },
  'PrometheusText1.0.0': { accept: 'text/plain;version=1.0.0;escaping=allow-utf-8', format: 'prometheus' },
  'PrometheusText0.0.4': { accept: 'text/plain;version=0.0.4', format: 'prometheus' },
};

/** The first protocol has the greatest weight; anything else is welcome last. */
export function acceptHeader(protocols: readonly ScrapeProtocol[]): string {
  const weighted = protocols.map((protocol, index) => `${MEDIA[protocol].accept};q=0.${protocols.length + 1 - index}`);
  return [...weighted, '*/*;q=0.1'].join(',');
}

/** Throws `ScrapeFault` for a content type that means nothing here, unless the job names a fallback. */
export function formatOf(contentType: string, fallback: ScrapeProtocol | undefined): PageFormat {
  const [media = '', ...parameters] = contentType.toLowerCase().split(';');
  const has = (parameter: string): boolean => parameters.some((text) => text.trim().replaceAll('"', '') === parameter);
  switch (media.trim()) {
    case 'application/openmetrics-text':
      return 'openmetrics';
    case 'text/plain':
      return 'prometheus';
    case PROTOBUF:
      if (has('proto=io.prometheus.client.metricfamily') && has('encoding=delimited')) return 'protobuf';
  }
  if (fallback !== undefined) return MEDIA[fallback].format;
  const seen = contentType === '' ? 'no Content-Type' : `Content-Type ${JSON.stringify(contentType.slice(0, 100))}`;
  throw new ScrapeFault(`the target answered with ${seen}; correct it there, or name a fallback_scrape_protocol`);
}
