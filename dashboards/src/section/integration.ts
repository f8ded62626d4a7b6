/** What the desk depends on outside: exchanges, wallets, and the service that watches its risk. */
import { PER_SECOND, steps, valueTexts } from '../field.ts';
import type { Section } from '../model.ts';
import { stateTimeline, timeSeries } from '../panel.ts';
import { scraped } from '../target.ts';

const SIZE = { w: 8, h: 8, interval: '15s' } as const;
const SENT = 'sum by (venue) (increase(order_events_total{event="new"}[5m]))';

export const integrations: Section = {
  id: 700,
  title: 'Exchanges and wallets',
  panels: [
    timeSeries({
      ...SIZE,
      id: 70,
      title: 'Exchanges: orders that succeed',
      description:
        'Share of the orders of the last five minutes that the exchange, or the risk check before it, did not reject.',
      unit: 'percentunit',
      max: 1,
      targets: [
        scraped(
          'A',
          `1 - (sum by (venue) (increase(order_events_total{event="reject"}[5m])) or 0 * ${SENT}) / (${SENT} > 0)`,
          '{{venue}}',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 71,
      title: 'Exchanges: response time',
      description:
        "p95 of order sent to acknowledged, and the time of the interface's last answer where it is published.",
      unit: 's',
      targets: [
        scraped('A', 'histogram_quantile(0.95, sum by (venue) (rate(order_ack_seconds[5m])))', '{{venue}} orders p95'),
        scraped('B', 'max by (venue, api) (exchange_api_latency_seconds)', '{{venue}} {{api}}'),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 72,
      title: 'Exchanges: rate limit used',
      description: 'Share of the running rate limit that is used up. At 100 % the next request is refused.',
      unit: 'percentunit',
      max: 1,
      thresholds: steps('green', [0.8, 'orange'], [1, 'red']),
      limitLines: true,
      targets: [scraped('A', 'max by (venue, api) (exchange_requests_used_ratio)', '{{venue}} {{api}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 73,
      title: 'Wallets: transactions that succeed',
      description: 'Share of the transactions of the last five minutes that were confirmed.',
      unit: 'percentunit',
      max: 1,
      targets: [
        scraped(
          'A',
          'sum by (wallet) (increase(wallet_transactions_total{status="confirmed"}[5m])) / sum by (wallet) (increase(wallet_transactions_total[5m]))',
          '{{wallet}}',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 74,
      title: 'Wallets: gas',
      description: 'Gas that transactions use a second, by wallet.',
      unit: PER_SECOND,
      targets: [scraped('A', 'sum by (wallet) (rate(wallet_gas_used_total[$__rate_interval]))', '{{wallet}}')],
    }),
    stateTimeline({
      ...SIZE,
      id: 75,
      title: 'Wallets: connected',
      description: 'Whether each wallet answers. Nothing drawn means that nobody says.',
      unit: 'none',
      mappings: valueTexts({
        0: { text: 'Not connected', color: 'red' },
        1: { text: 'Connected', color: 'green' },
      }),
      targets: [scraped('A', 'min by (wallet) (wallet_connected)', '{{wallet}}')],
    }),
  ],
};

export const riskService: Section = {
  id: 800,
  title: 'Risk management service',
  panels: [
    timeSeries({
      ...SIZE,
      id: 80,
      title: 'Breakers that tripped',
      description: 'How often each trading breaker has tripped in the last hour.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (breaker) (increase(risk_circuit_breaker_triggers_total[1h]))', '{{breaker}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 81,
      title: 'Compliance violations',
      description: 'Violations that the risk service found in the last hour, by rule.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (rule) (increase(risk_compliance_violations_total[1h]))', '{{rule}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 82,
      title: 'Exposure: theirs and ours',
      description:
        'Gross exposure as the risk service computes it, and as the sidecar does from fills and mids. They should agree; a gap is a fault of one of them.',
      unit: 'short',
      targets: [
        scraped('A', 'sum by (currency) (risk_exposure)', '{{currency}} risk service'),
        scraped('B', 'sum by (currency) (trading_exposure_gross)', '{{currency}} from fills'),
      ],
    }),
  ],
};
