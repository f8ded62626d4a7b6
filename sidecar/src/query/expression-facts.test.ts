import { parse } from '@tapewatch/core';
import { factsOf, normalForm } from './expression-facts.ts';

const RANGE = { startMs: 0, endMs: 600_000, stepMs: 15_000 };
const factsFor = (expr: string) => factsOf(parse(expr), RANGE);

describe('the normal form of an expression', () => {
  it.each([
    ['sum(x)', ' sum ( (x) ) # comment'],
    ['x{a="1", b!="2"}', 'x{b!="2",a="1"}'],
    ['rate(x[60s])', 'rate(x[1m])'],
    ['sum by (a) (x)', '(sum(x) by (a))'],
  ])('is one for %s and %s', (a, b) => {
    expect(normalForm(parse(a))).toBe(normalForm(parse(b)));
  });

  it.each([
    ['x', 'y'],
    ['x{a="1"}', 'x{a=~"1"}'],
    ['rate(x[1m])', 'rate(x[1m] offset 1s)'],
    ['x + y', 'y + x'],
    ['x > 0', 'x > bool 0'],
    ['vector(NaN)', 'vector(Inf)'],
    ['vector(Inf)', 'vector(-Inf)'],
    ['sum by (a) (x)', 'sum without (a) (x)'],
  ])('differs for %s and %s', (a, b) => {
    expect(normalForm(parse(a))).not.toBe(normalForm(parse(b)));
  });
});

describe('what a step depends on', () => {
  it.each([
    ['sum(rate(x[1m])) / y', 0],
    ['x offset 5m', -300_000],
    ['x offset 5m or y offset -10s', 10_000],
    ['max_over_time(rate(x[1m] offset 30s)[10m:1m] offset 1m)', -90_000],
  ])('%s reads up to %d ms after it', (expr, offsetMs) => {
    expect(factsFor(expr)).toMatchObject({ stepLocal: true, newestOffsetMs: offsetMs, newestPinnedMs: -Infinity });
  });

  it('knows the stamps that @ pins, also inside a subquery', () => {
    expect(factsFor('x @ 100 offset 10s')).toMatchObject({ newestPinnedMs: 90_000, newestOffsetMs: -Infinity });
    expect(factsFor('max_over_time(x[1m:10s] @ 200)')).toMatchObject({ newestPinnedMs: 200_000 });
  });

  it.each(['x @ end()', 'x @ start()', 'rate(x[range()])', 'x offset range()', 'info(x)'])(
    'keeps no single steps of %s',
    (expr) => {
      expect(factsFor(expr).stepLocal).toBe(false);
    },
  );

  it('names the metrics that are read, or says that it cannot', () => {
    expect(factsFor('sum(rate(x[1m])) / y').names).toEqual(new Set(['x', 'y']));
    expect(factsFor('{__name__=~"x.*"} + y').names).toBeUndefined();
    expect(factsFor('info(x)').names).toBeUndefined();
  });
});
