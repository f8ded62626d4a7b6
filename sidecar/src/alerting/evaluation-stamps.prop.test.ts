/** The ring of stamps against a list that keeps the newest. */
import fc from 'fast-check';
import { EvaluationStamps } from './evaluation-stamps.ts';

it('keeps the newest stamps in order, and finds those within any span', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 120 }),
      fc.tuple(fc.nat(300), fc.nat(300)),
      (capacity, gaps, [from, to]) => {
        const stamps = new EvaluationStamps(capacity);
        let model: bigint[] = [];
        let now = 0n;
        for (const gap of gaps) {
          now += BigInt(gap);
          stamps.add(now);
          if (model.length === 0 || now > (model.at(-1) as bigint)) model = capacity === 0 ? [] : [...model, now];
          model = model.slice(-capacity);
        }
        expect(stamps.within(BigInt(from), BigInt(to))).toEqual(model.filter((at) => at >= from && at <= to));
        expect([stamps.oldest, stamps.newest]).toEqual([model[0], model.at(-1)]);
      },
    ),
  );
});
