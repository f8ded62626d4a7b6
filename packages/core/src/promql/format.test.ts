import { formatExpr } from './format.ts';
import { parse } from './parse.ts';

/** The tree without positions. */
function shapeOf(text: string): unknown {
  return JSON.parse(
    JSON.stringify(parse(text), (key, value: unknown) => (key === 'from' || key === 'to' ? undefined : value)),
  );
}

describe('formatExpr', () => {
  it.each([
    [
      'sum(rate(x_total{venue="XNAS",a=~"b.*"}[5m]))by(venue)',
      'sum by (venue) (rate(x_total{venue="XNAS",a=~"b.*"}[5m]))',
    ],
    ['a+on(venue)group_left(region)b', 'a + on (venue) group_left (region) b'],
    ['a>bool 1', 'a > bool 1'],
    ['topk(3,x)', 'topk (3, x)'],
    ['x[90s] offset -1h30m', 'x[1m30s] offset -1h30m'],
    ['{"http.status", le="1"} @ 5', '{__name__="http.status",le="1"} @ 5.000'],
    ['-x^2', '-x ^ 2'],
    ['-+1', '-1'],
    ['-(-1)', '-(-1)'],
    ['--1^2', '--1 ^ 2'],
    ['a / fill_left(0) b', 'a / fill_left (0) b'],
    ['rate(x[5m] smoothed offset 1m)', 'rate(x[5m] smoothed offset 1m)'],
    ['max_over_time((a-b)[1h:step()*2] @ end())', 'max_over_time((a - b)[1h:step() * 2s] @ end())'],
    ['h </ 0.5', 'h </ 0.5'],
  ])('writes %s as %s', (text, expected) => {
    expect(formatExpr(parse(text))).toBe(expected);
    expect(shapeOf(expected)).toEqual(shapeOf(text));
  });

  it('breaks what is long at its brackets, and means the same', () => {
    const long =
      'histogram_quantile(0.99, sum by (venue, strategy, instance) (rate(order_ack_seconds{environment="production", region="eu"}[5m])))';
    const text = formatExpr(parse(long));
    expect(text.split('\n')).toEqual([
      'histogram_quantile(',
      '  0.99,',
      '  sum by (venue, strategy, instance) (',
      '    rate(order_ack_seconds{environment="production",region="eu"}[5m])',
      '  )',
      ')',
    ]);
    expect(shapeOf(text)).toEqual(shapeOf(long));
  });
});
