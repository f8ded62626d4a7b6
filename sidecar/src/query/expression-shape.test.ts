import { shapeOf } from './expression-shape.ts';

const UNITS: Readonly<Record<string, string>> = {
  order_ack_seconds: 'seconds',
  sent_bytes_total: 'bytes',
  fills_total: '1',
  cpu_ratio: 'ratio',
};
const unitOf = (name: string) => UNITS[name];

describe('shapeOf', () => {
  it.each([
    ['sent_bytes_total', 'bytes', 'stored'],
    ['rate(sent_bytes_total[1m])', 'Bps', 'rate'],
    ['sum by (venue) (rate(fills_total{venue="x"}[1m] offset 1h))', 'cps', 'rate'],
    ['increase(fills_total[1m])', 'short', 'increment'],
    ['histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[10s])))', 's', 'rate'],
    ['histogram_count(rate(order_ack_seconds[10s]))', 'cps', 'rate'],
    ['histogram_fraction(0, 0.1, rate(order_ack_seconds[10s]))', 'percentunit', 'rate'],
    ['histogram_avg(increase(order_ack_seconds[10s]))', 's', 'increment'],
    ['max_over_time(cpu_ratio[5m])', 'percentunit', 'stored'],
    ['topk(5, cpu_ratio) > 0.9', 'percentunit', 'stored'],
    ['-(cpu_ratio)', 'percentunit', 'stored'],
    ['count(cpu_ratio)', 'short', 'stored'],
    ['cpu_ratio * 100', undefined, 'stored'],
    ['cpu_ratio > bool 0.9', undefined, 'stored'],
    ['cpu_ratio + sent_bytes_total', undefined, 'stored'],
    ['cpu_ratio - cpu_ratio', 'percentunit', 'stored'],
    ['unheard_of', undefined, 'stored'],
    ['sum(', undefined, 'stored'],
    ['', undefined, 'stored'],
  ] as const)('%s is in %s, %s', (expr, unit, shape) => {
    expect(shapeOf(expr, unitOf)).toMatchObject({ unit, shape });
  });

  it('knows what the buckets of a rated histogram measure', () => {
    expect(shapeOf('sum by (venue) (rate(order_ack_seconds[10s]))', unitOf).observationUnit).toBe('s');
  });
});
