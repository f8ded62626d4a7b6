import fc from 'fast-check';
import { SequenceLedger } from '../index.ts';

describe('SequenceLedger', () => {
  it('joins first deliveries in unbroken order across the gaps that other subjects leave', () => {
    const ledger = new SequenceLedger();
    [3, 7, 8, 20].forEach((sequence, i) => ledger.add({ sequence, deliverySequence: i + 1, redelivered: false }));
    expect(ledger.ranges).toEqual([{ from: 3, to: 20 }]);
  });

  it('leaves a hole where a delivery was lost, and takes the redelivery in', () => {
    const ledger = new SequenceLedger();
    ledger.add({ sequence: 1, deliverySequence: 1, redelivered: false });
    ledger.add({ sequence: 3, deliverySequence: 3, redelivered: false });
    expect(ledger.has(2)).toBe(false);
    expect(ledger.add({ sequence: 2, deliverySequence: 4, redelivered: true })).toEqual({ from: 1, to: 3 });
    expect(ledger.add({ sequence: 2, deliverySequence: 5, redelivered: true })).toBeUndefined();
  });

  it('takes every message in exactly once, whatever is lost, repeated or restarted', () => {
    const delivery = fc.record({
      sequence: fc.integer({ min: 1, max: 40 }),
      lost: fc.boolean(),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(delivery, { maxLength: 120 }), (deliveries) => {
        let ledger = new SequenceLedger();
        const facts = new Map<number, number>();
        const taken = new Set<number>();
        let newest = 0;
        deliveries.forEach(({ sequence, lost, restart }, index) => {
          if (restart) ledger = new SequenceLedger([...facts].map(([from, to]) => ({ from, to })));
          // The server sends new messages in order; anything at or below the newest is a redelivery.
          const redelivered = sequence <= newest;
          const sent = redelivered ? sequence : newest + 1;
          newest = Math.max(newest, sent);
          if (lost) return;
          const range = ledger.add({ sequence: sent, deliverySequence: index + 1, redelivered });
          expect(range !== undefined).toBe(!taken.has(sent));
          taken.add(sent);
          if (range !== undefined) facts.set(range.from, Math.max(range.to, facts.get(range.from) ?? 0));
        });
        for (let sequence = 1; sequence <= newest; sequence++) expect(ledger.has(sequence)).toBe(taken.has(sequence));
      }),
    );
  });
});
