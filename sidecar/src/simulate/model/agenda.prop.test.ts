import fc from 'fast-check';
import { Agenda } from './agenda.ts';

it('hands out in order of time, equal times in the order of entry', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const agenda = new Agenda<number>();
      times.forEach((time, turn) => agenda.add(time, turn));
      const taken: { atNanos: number; what: number }[] = [];
      for (let next = agenda.take(); next !== undefined; next = agenda.take()) {
        taken.push({ atNanos: next.atNanos, what: next.what });
      }
      const expected = times.map((atNanos, what) => ({ atNanos, what }));
      expect(taken).toEqual(expected.sort((a, b) => a.atNanos - b.atNanos || a.what - b.what));
      expect(agenda.nextAt).toBe(Infinity);
    }),
  );
});
