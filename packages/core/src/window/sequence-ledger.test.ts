import { SequenceLedger } from '../index.ts';

describe('SequenceLedger', () => {
  it('joins deliveries in unbroken order across the gaps that other subjects leave', () => {
    const ledger = new SequenceLedger();
    let after = 2;
    for (const sequence of [3, 7, 8, 20]) {
      ledger.add({ sequence, after });
      after = sequence;
    }
    expect(ledger.ranges).toEqual([{ from: 3, to: 20 }]);
  });

  it('leaves a hole where a delivery was lost, and takes the repeat in', () => {
    const ledger = new SequenceLedger();
    ledger.add({ sequence: 1, after: 0 });
    ledger.add({ sequence: 3, after: 2 });
    expect(ledger.has(2)).toBe(false);
    expect(ledger.add({ sequence: 2, after: 1 })).toEqual({ from: 1, to: 3 });
    expect(ledger.add({ sequence: 2, after: 1 })).toBeUndefined();
    expect(ledger.ranges).toEqual([{ from: 1, to: 3 }]);
  });

  it('extends the last range in place', () => {
    const ledger = new SequenceLedger([{ from: 1, to: 9 }]);
    const range = ledger.add({ sequence: 10, after: 9 });
    expect(ledger.add({ sequence: 11, after: 10 })).toBe(range);
    expect(range).toEqual({ from: 1, to: 11 });
  });

  it('unites what a delivery reaches back over, behind the start of the last range', () => {
    const ledger = new SequenceLedger([
      { from: 1, to: 2 },
      { from: 5, to: 5 },
    ]);
    expect(ledger.add({ sequence: 6, after: 2 })).toEqual({ from: 1, to: 6 });
    expect(ledger.ranges).toEqual([{ from: 1, to: 6 }]);
  });

  it('unites ranges that were written down in any order, overlapping or not', () => {
    const known = [
      { from: 7, to: 9 },
      { from: 1, to: 3 },
      { from: 2, to: 5 },
      { from: 8, to: 8 },
    ];
    expect(new SequenceLedger(known).ranges).toEqual([
      { from: 1, to: 5 },
      { from: 7, to: 9 },
    ]);
  });

  it('forgets the holes below what the log has settled', () => {
    const ledger = new SequenceLedger([
      { from: 1, to: 2 },
      { from: 5, to: 6 },
      { from: 9, to: 12 },
    ]);
    ledger.settleThrough(7);
    expect(ledger.ranges).toEqual([
      { from: 1, to: 7 },
      { from: 9, to: 12 },
    ]);
    ledger.settleThrough(10);
    expect(ledger.ranges).toEqual([{ from: 1, to: 12 }]);
    ledger.settleThrough(3);
    expect(ledger.ranges).toEqual([{ from: 1, to: 12 }]);
  });
});
