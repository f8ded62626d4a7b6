import fc from 'fast-check';
import { BoundedHistory } from './bounded-history.ts';

it('is the end of what was put in, newest first, whatever the bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), fc.array(fc.integer(), { maxLength: 40 }), (bound, entries) => {
      const history = new BoundedHistory<number>(bound);
      for (const [i, entry] of entries.entries()) {
        history.push(entry);
        const kept = bound === 0 ? [] : entries.slice(0, i + 1).slice(-bound);
        expect(history.newestFirst()).toEqual(kept.reverse());
        expect(history.size).toBe(kept.length);
      }
    }),
  );
});
