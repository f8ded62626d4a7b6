import fc from 'fast-check';
import { Random } from './random.ts';

const seeds = fc.oneof(fc.integer(), fc.string());

describe('Random', () => {
  it('draws the same numbers from the same seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [a, b] = [new Random(seed), new Random(seed)];
        for (let i = 0; i < 20; i++) expect(a.uniform()).toBe(b.uniform());
      }),
    );
  });

  it('forks by name, whatever was drawn before', () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.nat(30), (seed, name, draws) => {
        const [fresh, used] = [new Random(seed), new Random(seed)];
        for (let i = 0; i < draws; i++) used.normal();
        expect(used.fork(name).uniform()).toBe(fresh.fork(name).uniform());
      }),
    );
  });

  it('has the moments of its distributions', () => {
    const random = new Random('moments');
    const count = 200_000;
    let [uniform, normal, squared, exponential, aboveMedian] = [0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      uniform += random.uniform() / count;
      const z = random.normal();
      normal += z / count;
      squared += (z * z) / count;
      exponential += random.exponential(3) / count;
      aboveMedian += (random.lognormal(5, 0.7) > 5 ? 1 : 0) / count;
    }
    // Five standard errors of each mean at this count.
    expect(Math.abs(uniform - 0.5)).toBeLessThan(0.0033);
    expect(Math.abs(normal)).toBeLessThan(0.0112);
    expect(Math.abs(squared - 1)).toBeLessThan(0.0159);
    expect(Math.abs(exponential - 3)).toBeLessThan(0.034);
    expect(Math.abs(aboveMedian - 0.5)).toBeLessThan(0.0056);
  });

  it('picks by weight and never an item without any', () => {
    const random = new Random(7);
    const counts = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 40_000; i++) counts[random.pick(['a', 'b', 'c'] as const, (x) => ({ a: 1, b: 0, c: 3 })[x])]++;
    expect(counts.b).toBe(0);
    expect(Math.abs(counts.a / 40_000 - 0.25)).toBeLessThan(0.011);
  });
});
