import fc from 'fast-check';
import { positionOn, type Distribution } from './scale.ts';

const linear: Distribution = { kind: 'linear' };
const log: Distribution = { kind: 'log' };

describe('positionOn', () => {
  it.each<[Distribution, [number, number], number, number]>([
    [linear, [0, 10], 5, 50],
    [log, [1, 100], 10, 50],
    [log, [1, 16], 2, 25],
    [{ kind: 'symlog', linearThreshold: 1 }, [-10, 10], 0, 50],
  ])('puts on %j over %j at its place', (distribution, [min, max], value, pixel) => {
    expect(positionOn({ min, max, start: 0, end: 100, distribution })(value)).toBeCloseTo(pixel, 9);
  });

  it('puts what a logarithm cannot show at the start of the axis', () => {
    const position = positionOn({ min: 1, max: 100, start: 200, end: 0, distribution: log });
    expect(position(0)).toBe(200);
    expect(position(-5)).toBe(200);
  });

  it('keeps the order of values and hits both ends', () => {
    const distributions = fc.constantFrom<Distribution>(linear, log, { kind: 'symlog', linearThreshold: 0.01 });
    const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(distributions, positive, positive, (distribution, a, b) => {
        fc.pre(Math.abs(a - b) > 1e-9 * Math.max(a, b));
        const [low, high] = a < b ? [a, b] : [b, a];
        const position = positionOn({ min: low / 2, max: high * 2, start: 300, end: 20, distribution });
        expect(position(low)).toBeGreaterThan(position(high));
        expect(position(low / 2)).toBeCloseTo(300, 6);
        expect(position(high * 2)).toBeCloseTo(20, 6);
      }),
    );
  });
});
