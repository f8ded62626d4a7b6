/** A chain of slabs against a plain list, with slabs so small that every run crosses many. */
import fc from 'fast-check';
import { SlabChain } from './slab-chain.ts';

const SIZE = 4;

it('keeps what is between its ends, whatever is added and dropped', () => {
  const steps = fc.array(fc.record({ add: fc.nat(13), drop: fc.nat(13) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (plan) => {
      const chain = new SlabChain(SIZE, () => new Int32Array(SIZE));
      const model = new Map<number, number>();
      for (const { add, drop } of plan) {
        for (let i = 0; i < add; i++) {
          const place = chain.end;
          const value = place * 31 + 7;
          chain.grow(place)[place % SIZE] = value;
          chain.end = place + 1;
          model.set(place, value);
        }
        const to = Math.min(chain.start + drop, chain.end);
        for (let place = chain.start; place < to; place++) model.delete(place);
        chain.dropBefore(to);
        expect(chain.length).toBe(model.size);
        for (const [place, value] of model) expect(chain.slabOf(place)[place % SIZE]).toBe(value);
      }
    }),
  );
});

it('fills a dropped slab again: a queue of steady length allocates nothing', () => {
  let created = 0;
  const chain = new SlabChain(SIZE, () => (created++, new Int32Array(SIZE)));
  for (let place = 0; place < 10_000; place++) {
    chain.grow(place)[place % SIZE] = place;
    chain.end = place + 1;
    chain.dropBefore(Math.max(0, place - 10));
  }
  expect(created).toBeLessThanOrEqual(5);
});

it('keeps some of what it drops while its load pauses, and not all of it', () => {
  let created = 0;
  const chain = new SlabChain(SIZE, () => (created++, new Int32Array(SIZE)));
  const add = (places: number): void => {
    for (let i = 0; i < places; i++) {
      chain.grow(chain.end);
      chain.end++;
    }
  };
  add(100 * SIZE);
  for (let breath = 0; breath < 50; breath++) {
    chain.dropBefore(chain.start + 10 * SIZE);
    add(10 * SIZE);
  }
  expect(created).toBe(100);
  chain.dropBefore(chain.start + 80 * SIZE);
  add(80 * SIZE);
  expect(created).toBe(100 + 80 - 2);
});
