/** What is asked of both engines: a fixed list that touches every operator and function of 2.42, and seeded mixtures. */
import { random } from './market-data.ts';

export const EXPRESSIONS: readonly string[] = [
  'fills_total',
  'fills_total{venue=~"X.*|ARCX", strategy!="arb"}',
  'fills_total offset 7m',
  'fills_total @ end()',
  'fills_total @ 1700001000.5 offset -3m',
  '{__name__=~"fills_total|rejects_total", venue="BATS"}',
  'rate(fills_total[5m])',
  'rate(fills_total[5m] offset 11m)',
  'rate(fills_total[1m])',
  'increase(fills_total[17m])',
  'irate(fills_total[2m])',
  'delta(pnl_usd[10m])',
  'idelta(pnl_usd[2m])',
  'deriv(pnl_usd[10m])',
  'predict_linear(pnl_usd[10m], 600)',
  'resets(fills_total[30m])',
  'changes(pnl_usd[10m])',
  'avg_over_time(latency_seconds[5m])',
  'min_over_time(odd_value[5m])',
  'max_over_time(odd_value[5m])',
  'sum_over_time(pnl_usd[5m])',
  'count_over_time({venue="XNAS"}[5m])',
  'quantile_over_time(0.9, latency_seconds[10m])',
  'stddev_over_time(latency_seconds[10m])',
  'stdvar_over_time(pnl_usd[10m])',
  'last_over_time(fills_total[20m])',
  'present_over_time(fills_total[1m])',
  'absent_over_time(fills_total{venue="NONE"}[5m])',
  'absent(fills_total{venue="NONE", strategy=~".+"})',
  'sum(rate(fills_total[5m]))',
  'sum by (venue) (rate(fills_total[5m]))',
  'sum without (strategy) (rate(fills_total[5m]))',
  'avg by (strategy) (latency_seconds)',
  'min by (venue) (pnl_usd)',
  'max(pnl_usd)',
  'count by (venue) (pnl_usd > 0)',
  'group by (strategy) (fills_total)',
  'stddev by (venue) (pnl_usd)',
  'stdvar(latency_seconds)',
  'quantile by (venue) (0.75, pnl_usd)',
  'topk(3, pnl_usd)',
  'bottomk by (venue) (1, latency_seconds)',
  'count_values("n", clamp_max(floor(venue_weight), 3))',
  'histogram_quantile(0.99, sum by (venue, le) (rate(ack_seconds_bucket[5m])))',
  'histogram_quantile(0.5, sum by (le) (rate(ack_seconds_bucket[10m])))',
  'histogram_quantile(0.9, rate(ack_seconds_bucket[2m]))',
  'rejects_total / ignoring(reason) fills_total',
  'rate(rejects_total[5m]) / on(venue, strategy) rate(fills_total[5m]) > 0.5',
  'fills_total * on(venue) group_left(region) venue_weight',
  'venue_weight * on(venue) group_right() pnl_usd',
  'fills_total and on(venue) (venue_weight > 2)',
  'fills_total unless on(venue) (venue_weight > 2)',
  '(pnl_usd > 50) or on(venue) (venue_weight < 2)',
  'pnl_usd > bool 0',
  '0 <= pnl_usd',
  'pnl_usd % 7 + pnl_usd ^ 2 - -pnl_usd / 3',
  'pnl_usd atan2 venue_weight{venue="NONE"}',
  // 2.42 kept the metric name after atan2; abs drops it in both.
  'abs(pnl_usd atan2 on(venue) group_left() venue_weight)',
  'abs(pnl_usd) + ceil(pnl_usd) + floor(pnl_usd) + sgn(pnl_usd) + round(pnl_usd, 0.5)',
  'clamp(pnl_usd, -10, 10) + clamp_min(pnl_usd, 0) + clamp_max(pnl_usd, 0)',
  'exp(venue_weight) + ln(venue_weight) + log2(venue_weight) + log10(venue_weight) + sqrt(venue_weight)',
  'sin(pnl_usd) + cos(pnl_usd) + tanh(pnl_usd) + asinh(pnl_usd) + deg(pnl_usd) + rad(pnl_usd)',
  'label_replace(fills_total, "short", "$1-x", "venue", "(..).*")',
  'label_join(fills_total, "both", "/", "venue", "strategy", "none")',
  'time() - timestamp(fills_total)',
  'hour() * 100 + minute()',
  'day_of_week(fills_total * 0 + 1700000000) + month(vector(time())) + days_in_month()',
  'scalar(venue_weight{venue="XNAS"}) * pnl_usd',
  'vector(scalar(venue_weight))',
  'sort_desc(pnl_usd)',
  'max_over_time(rate(fills_total[2m])[10m:30s])',
  'avg_over_time(sum by (venue) (pnl_usd)[7m:45s] offset 1m)',
  'quantile_over_time(0.5, (pnl_usd - pnl_usd offset 1m)[5m:20s])',
  'sum_over_time(max_over_time(latency_seconds[1m])[5m:1m] @ 1700002000.5)',
  'holt_winters(latency_seconds[10m], 0.3, 0.6)',
  'fills_total == fills_total',
  'odd_value != 0',
  'odd_value * 0 == bool odd_value',
  'sum(odd_value) + avg(odd_value) * max(odd_value)',
  '-fills_total',
  '2 ^ 3 ^ 0.5 * -1',
  '1 > bool 2',
  // Both must refuse these.
  'fills_total * on(venue) fills_total',
  'pnl_usd + on(venue) group_left() latency_seconds',
  '-{__name__=~"fills_total|pnl_usd"}',
  'sum(fills_total',
  'rate(fills_total)',
  'fills_total[5m] + 1',
  '1 and fills_total',
];

/** Names that Prometheus 3 changed; ours has the new one. */
export function ourName(expr: string): string {
  return expr.replaceAll('holt_winters', 'double_exponential_smoothing');
}

const LEAVES = ['fills_total', 'pnl_usd', 'latency_seconds', 'pnl_usd offset 3m', 'latency_seconds{venue!="BATS"}'];
// Extrapolation of counters near zero changed with Prometheus 3 (functions.test holds ours to it), so here the rates are
// taken of real counters only, which market-data.ts keeps far above zero.
const OF_GAUGE = ['delta', 'avg_over_time', 'max_over_time', 'sum_over_time', 'stddev_over_time', 'count_over_time'];
const OF_COUNTER = ['rate', 'increase', 'irate', 'resets', 'deriv', 'last_over_time'];
const OF_VECTOR = ['abs', 'ceil', 'sgn', 'sqrt', 'exp', 'sort', '-', 'absent'];
// No topk: among equal values Prometheus's choice depends on the order of a hash table.
const AGGREGATES = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stdvar', 'quantile'];
const OPERATORS = ['+', '-', '*', '/', '%', '>', '<=', '!=', '== bool', '> bool', 'and', 'or', 'unless'];
const CLAUSES = ['', ' by (venue)', ' by (strategy)', ' without (strategy)', ' by (venue, strategy)'];
const MATCHINGS = ['', ' on(venue)', ' on(venue, strategy)', ' ignoring(reason)', ' on()'];

/** Random expressions; many are wrong on purpose, both engines must then refuse them. */
export function randomExpressions(seed: number, count: number): string[] {
  const next = random(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(next() * list.length)] as string;
  const minutes = (): string => `${1 + Math.floor(next() * 9)}m`;
  // A subquery's own times may fall on the edge of a subquery inside it, where 2.x and 3.x differ: not nested.
  const vector = (depth: number, mayNest = true): string => {
    const roll = next();
    const inner = (): string => vector(depth - 1, mayNest);
    if (depth === 0 || roll < 0.15) return pick(LEAVES);
    if (roll < 0.25) return `${pick(OF_COUNTER)}(fills_total[${minutes()}])`;
    if (roll < 0.35) return `${pick(OF_GAUGE)}(${pick(['pnl_usd', 'latency_seconds'])}[${minutes()}])`;
    if (roll < 0.45 && mayNest) {
      return `${pick(OF_GAUGE)}((${vector(depth - 1, false)})[${minutes()}:${pick(['30s', '1m', '47s'])}])`;
    }
    if (roll < 0.55) return `${pick(OF_VECTOR)}(${inner()})`;
    if (roll < 0.75) return aggregate(inner());
    if (roll < 0.82) return `(${inner()} ${pick(['+', '*', '>', '<= bool', '^'])} ${(next() * 4 - 1).toFixed(2)})`;
    return `(${inner()} ${pick(OPERATORS)}${pick(MATCHINGS)} ${inner()})`;
  };
  const aggregate = (inner: string): string => {
    const name = pick(AGGREGATES);
    const param = name === 'quantile' ? `${next().toFixed(2)}, ` : '';
    return `${name}${pick(CLAUSES)} (${param}${inner})`;
  };
  return Array.from({ length: count }, () => vector(3));
}
