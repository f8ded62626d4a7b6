import { parse } from '../promql/parse.ts';
import { measuredBy } from './measured.ts';

it.each([
  ['error_rate > 3', 'error_rate', 3],
  ['3 < error_rate', 'error_rate', 3],
  ['(sum by (service) (rate(errors_total[5m]))) >= (1e3)', 'errors_total', 1_000],
  ['histogram_quantile(0.99, sum by (venue) (order_ack_seconds)) > 0.01', 'order_ack_seconds', 0.01],
  ['profit < -250', 'profit', -250],
  ['profit < -(-250)', 'profit', 250],
  ['win_rate < 30 and rolling_trades >= 10', 'win_rate', 30],
  ['sum(rate(a[5m])) > 0 unless sum(rate(a[10s])) > 1', 'a', 0],
  ['used / size > limit', 'used', undefined],
  ['exchange_connected == 0', 'exchange_connected', 0],
  ['absent(up)', 'up', undefined],
  ['max_over_time(depth[5m:10s]) != 2', 'depth', 2],
  ['-depth > 1', 'depth', 1],
  ['{job="x"} > 1', undefined, 1],
  ['vector(1) > 0', undefined, 0],
])('%s measures %s against %s', (text, metric, threshold) => {
  expect(measuredBy(parse(text))).toEqual({ metric, threshold });
});
