import type { ScopedVars } from '@grafana/data';
import { interpolateQuery, quoteForPromql, quoteForSql, type Replace } from './interpolate.ts';
import type { TapewatchQuery } from './query.ts';

/**
 * Grafana's template service in miniature: `$name` and `${name}`; unknown names stay, scoped ones win, and `$__interval`
 * is known even when nobody hands it in (a dashboard takes it from the panel's previous request).
 */
const variables: Record<string, { value: string | string[]; multi?: boolean; includeAll?: boolean }> = {
  venue: { value: ['X.N', 'B(1)'], multi: true },
  one: { value: ['X.N'], multi: true },
  strategy: { value: 'arb"x' },
  every: { value: '$__all', includeAll: true },
  step: { value: '5s' },
  __interval: { value: '1s' },
};
const replace: Replace = (text, scopedVars: ScopedVars, format) =>
  text.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => {
    const scoped = scopedVars[name];
    const variable = scoped === undefined ? variables[name] : { value: scoped.value as string };
    if (variable === undefined) return whole;
    return format === undefined ? String(variable.value) : format(variable.value, variable);
  });

function expr(text: string, scopedVars: ScopedVars = {}): string | undefined {
  return interpolateQuery({ refId: 'A', expr: text }, scopedVars, replace).expr;
}

describe('interpolateQuery', () => {
  it.each([
    ['up{venue=~"$venue"}', 'up{venue=~"(X\\\\.N|B\\\\(1\\\\))"}'],
    ['up{venue=~"$one"}', 'up{venue=~"X\\\\.N"}'],
    ['up{strategy="$strategy"}', 'up{strategy="arb\\"x"}'],
    ['rate(x[$__rate_interval])', 'rate(x[$__rate_interval])'],
    ['rate(x[$__interval])', 'rate(x[$__interval])'],
    ['rate(x[${__interval}])', 'rate(x[$__interval])'],
  ])('%s becomes %s', (text, expected) => expect(expr(text)).toBe(expected));

  it('leaves the macros to the sidecar even when Grafana offers them', () => {
    expect(expr('x[$__interval]', { __interval: { value: '15s', text: '15s' } })).toBe('x[$__interval]');
    expect(expr('x{venue="$host"}', { host: { value: 'H', text: 'H' } })).toBe('x{venue="H"}');
  });

  it.each([
    ['SELECT * FROM fills WHERE venue IN ($venue)', "SELECT * FROM fills WHERE venue IN ('X.N','B(1)')"],
    ['venue IN ($one)', "venue IN ('X.N')"],
    ["strategy = '$strategy'", `strategy = 'arb"x'`],
    ['$__timeFilter(time) AND x > $__interval_ms', '$__timeFilter(time) AND x > $__interval_ms'],
  ])('in SQL %s becomes %s', (rawSql, expected) => {
    expect(interpolateQuery({ refId: 'A', rawSql }, {}, replace).rawSql).toBe(expected);
  });

  it('doubles the quotes of a value in SQL', () => {
    expect(quoteForSql("O'Neil", {})).toBe("O''Neil");
    expect(quoteForSql(["a'b", 'c'], { multi: true })).toBe("'a''b','c'");
  });

  it('replaces every string of a query and touches nothing else', () => {
    const query: TapewatchQuery = {
      refId: 'A',
      queryType: 'pnl',
      legendFormat: '$step',
      minStep: '$step',
      instant: true,
      limit: 5,
      by: ['venue'],
      filters: { venue: ['$venue', 'Z'], strategy: ['$every'], symbol: [] },
    };
    expect(interpolateQuery(query, {}, replace)).toEqual({
      ...query,
      legendFormat: '5s',
      minStep: '5s',
      filters: { venue: ['X.N', 'B(1)', 'Z'], strategy: [], symbol: [] },
    });
  });

  it('quotes a value that a regular expression could misread', () => {
    expect(new RegExp(JSON.parse(`"${quoteForPromql('a.b|c', { multi: true })}"`) as string).test('a.b|c')).toBe(true);
    expect(new RegExp(`^${JSON.parse(`"${quoteForPromql('a.b', { multi: true })}"`) as string}$`).test('axb')).toBe(
      false,
    );
  });
});
