/** The view of the business: users, predictions, trades, revenue; what compliance, integrity and security have to show. */
import { GRADED_SHARE, PER_SECOND, steps, valueTexts } from '../field.ts';
import type { Panel, Section } from '../model.ts';
import { stat, stateTimeline, timeSeries, type StatSpec } from '../panel.ts';
import { pnl, scraped, target } from '../target.ts';

const TILE = { w: 4, h: 4 } as const;
const SIZE = { w: 8, h: 8, interval: '15s' } as const;

/** `lookback` lets the tables begin a day before the range; what is older than the day is left out here. */
const LAST_DAY = `WITH since AS (SELECT $__timeTo() - INTERVAL 24 HOUR AS day)
SELECT
  (SELECT count(*) FROM signals, since WHERE event = 'prediction' AND time > day) AS "daily predictions",
  (SELECT count(DISTINCT strategy) FROM orders, since WHERE time > day) AS "active strategies"`;

function told(metric: string, spec: Omit<StatSpec, 'w' | 'h' | 'targets'>): Panel {
  return stat({ ...TILE, ...spec, targets: [scraped('A', `sum(${metric}{source="business"})`, spec.title)] });
}

export const headline: readonly Panel[] = [
  stat({
    ...TILE,
    id: 1,
    title: 'Revenue',
    description:
      'Revenue in the time range, as the business reports it. It stands beside the profit of the trading itself.',
    unit: 'currencyUSD',
    sparkline: false,
    targets: [scraped('A', 'sum(increase(revenue_total{currency="USD"}[$__range]))', 'revenue')],
  }),
  stat({
    ...TILE,
    id: 2,
    title: 'P&L',
    description: 'Net profit and loss of the fills in the time range: realised plus open at the last mid, minus fees.',
    unit: 'currencyUSD',
    thresholds: steps('red', [0, 'green']),
    sparkline: false,
    calculation: 'sum',
    fields: '/^net$/',
    targets: [pnl('A', { by: ['strategy'], filters: {} })],
  }),
  told('active_users', {
    id: 3,
    title: 'Active users',
    description: 'Users who are active now, as the business reports them.',
    unit: 'locale',
    decimals: 0,
  }),
  told('predictions_generated', {
    id: 4,
    title: 'Predictions',
    description: 'Predictions that were generated in the reported period.',
    unit: 'locale',
    decimals: 0,
  }),
  told('prediction_accuracy', {
    id: 5,
    title: 'Accuracy',
    description: 'Share of the predictions that came true. Half is what a coin does.',
    unit: 'percentunit',
    decimals: 1,
  }),
  told('average_confidence_score', {
    id: 6,
    title: 'Confidence',
    description: 'Mean confidence of the predictions. Far above the accuracy it is overconfidence.',
    unit: 'percentunit',
    decimals: 1,
  }),
  told('successful_trades', {
    id: 7,
    title: 'Successful trades',
    description: 'Trades that succeeded in the reported period.',
    unit: 'locale',
    decimals: 0,
  }),
  told('profitable_trades_percent', {
    id: 8,
    title: 'Profitable trades',
    description: 'Share of the trades of the reported period that made money.',
    unit: 'percent',
    decimals: 1,
  }),
  told('average_profit_per_trade', {
    id: 9,
    title: 'Profit of a trade',
    description: 'Average profit of a trade of the reported period, in the currency of the report.',
    unit: 'currencyUSD',
  }),
  told('total_trading_volume', {
    id: 10,
    title: 'Volume',
    description: 'Money that was traded in the reported period, in the currency of the report.',
    unit: 'currencyUSD',
  }),
  told('unique_symbols_traded', {
    id: 11,
    title: 'Symbols traded',
    description: 'Different instruments that were traded in the reported period.',
    unit: 'locale',
    decimals: 0,
  }),
  stat({
    ...TILE,
    id: 14,
    title: 'Last 24 hours',
    description:
      'Predictions of agents, and strategies that sent an order, in the 24 hours before the end of the range.',
    unit: 'locale',
    decimals: 0,
    named: true,
    sparkline: false,
    targets: [target('A', { queryType: 'sql', rawSql: LAST_DAY, lookback: '24h' })],
  }),
];

export const usage: Section = {
  id: 100,
  title: 'Usage',
  panels: [
    timeSeries({
      ...SIZE,
      w: 12,
      id: 12,
      title: 'API usage by tier',
      description: 'Requests of the customers in the reported period, by the tier that they pay for.',
      unit: 'locale',
      stack: true,
      targets: [scraped('A', 'sum by (tier) (api_usage_by_tier)', '{{tier}}')],
    }),
    timeSeries({
      ...SIZE,
      w: 12,
      id: 13,
      title: 'Revenue by currency',
      description: 'Revenue of the hour before each point; currencies are never added together.',
      unit: 'short',
      targets: [scraped('A', 'sum by (currency) (increase(revenue_total[1h]))', '{{currency}}')],
    }),
  ],
};

const VERIFIED = valueTexts({ 0: { text: 'Failed', color: 'red' }, 1: { text: 'Verified', color: 'green' } });

export const compliance: Section = {
  id: 200,
  title: 'Compliance, integrity, security',
  panels: [
    timeSeries({
      ...SIZE,
      id: 20,
      title: 'Regulatory checks that passed',
      description: 'Share of the regulatory checks of the last hour that passed, by regulation.',
      unit: 'percentunit',
      max: 1,
      thresholds: GRADED_SHARE,
      targets: [
        scraped(
          'A',
          'sum by (regulation) (increase(compliance_checks_total{result="passed"}[1h])) / sum by (regulation) (increase(compliance_checks_total[1h]))',
          '{{regulation}}',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 21,
      title: 'Completeness of the audit trail',
      description:
        'Audit records over the actions of the last hour that must have one. Below 100 % something left no trace.',
      unit: 'percentunit',
      max: 1,
      thresholds: GRADED_SHARE,
      targets: [
        scraped(
          'A',
          'sum by (service) (increase(audit_records_total[1h])) / sum by (service) (increase(audited_actions_total[1h]))',
          '{{service}}',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 22,
      title: 'Inconsistent transactions',
      description: 'Transactions of the last hour whose two sides do not agree, by system.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (system) (increase(transaction_inconsistencies_total[1h]))', '{{system}}')],
    }),
    stateTimeline({
      ...SIZE,
      id: 23,
      title: 'Backups',
      description:
        'Whether the last verification of the backup of each system succeeded. Red: it could not be restored.',
      unit: 'none',
      mappings: VERIFIED,
      targets: [scraped('A', 'min by (system) (backup_verification_success)', '{{system}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 24,
      title: 'Failed authentications',
      description: 'Logins and tokens a second that were refused, by service.',
      unit: PER_SECOND,
      targets: [
        scraped('A', 'sum by (service) (rate(authentication_failures_total[$__rate_interval]))', '{{service}}'),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 25,
      title: 'Suspicious activity',
      description: 'Detections of the last hour, by kind.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (kind) (increase(suspicious_activity_total[1h]))', '{{kind}}')],
    }),
  ],
};
