import { problemsOf } from './expression-problem.ts';

/** The problem's severity and the piece of the text that it marks. */
function marked(expr: string): [string, string][] {
  return problemsOf(expr).map(({ severity, from, to }) => [severity, expr.slice(from, to)]);
}

it.each([
  ['rate(fills_total[$__rate_interval])'],
  ['rate(fills_total{venue=~"$venue"}[${__interval}]) > $__interval_ms'],
  ['max_over_time(up[$__range:$step])'],
  ['rate(x[[[window]]])'],
  ['$metric + on (venue) ('],
  ['# nothing but $words'],
  [''],
])('finds nothing wrong with %s', (expr) => {
  expect(problemsOf(expr)).toEqual([]);
});

it.each([
  ['sum by (venue) (\n  rated(fills_total[$__rate_interval])\n)', 'rated'],
  ['rate(fills_total[$__rate_interval]) )', ')'],
  ['sum(rate(fills_total[1m])', ')'],
  ['rate(fills_total)', 'rate(fills_total)'],
])('marks the place of the error in %s', (expr, piece) => {
  const [first, ...others] = marked(expr);
  expect(others).toEqual([]);
  expect(first?.[0]).toBe('error');
  expect(piece).toContain(first?.[1]);
});

it('warns where percentiles are averaged, and says what to write', () => {
  const expr = '1 + avg(histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[$__rate_interval]))))';
  expect(marked(expr)).toEqual([['warning', expr.slice('1 + '.length)]]);
  expect(problemsOf(expr)[0]?.message).toMatch(
    /avg of percentiles is no percentile .*; aggregate the histograms first/,
  );
});
