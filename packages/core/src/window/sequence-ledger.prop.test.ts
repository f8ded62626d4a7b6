/** The ledger against the plainest model, a Set of sequences: random ranges, losses, repeats, restarts. */
import fc from 'fast-check';
import { SequenceLedger, type SequenceRange } from '../index.ts';

const TOP = 60;
const sequence = fc.integer({ min: 1, max: TOP });
const command = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), sequence, gap: fc.nat({ max: 4 }) }),
  fc.record({ kind: fc.constant('settle' as const), sequence }),
  fc.record({ kind: fc.constant('restart' as const), sequence }),
);

function expectCanonical(ranges: readonly SequenceRange[]): void {
  ranges.forEach(({ from, to }, i) => {
    expect(from).toBeLessThanOrEqual(to);
    const before = ranges[i - 1];
    if (before !== undefined) expect(from).toBeGreaterThan(before.to + 1);
  });
}

it('agrees with a set of sequences under random commands, and keeps its ranges disjoint and few', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      let ledger = new SequenceLedger();
      const model = new Set<number>();
      for (const { kind, ...given } of commands) {
        if (kind === 'restart') {
          // Facts that were written down, in another order and twice.
          const facts = ledger.ranges.map((range) => ({ ...range })).reverse();
          ledger = new SequenceLedger([...facts, ...facts]);
        } else if (kind === 'settle') {
          ledger.settleThrough(given.sequence);
          const lowest = Math.min(...model);
          for (let n = lowest; n <= given.sequence; n++) model.add(n);
        } else {
          const after = Math.max(0, given.sequence - 1 - ('gap' in given ? given.gap : 0));
          const range = ledger.add({ sequence: given.sequence, after });
          expect(range === undefined).toBe(model.has(given.sequence));
          // A repeat proves nothing new about what stands before it.
          if (range !== undefined) for (let n = after + 1; n <= given.sequence; n++) model.add(n);
          if (range !== undefined) expect(range.from <= given.sequence && given.sequence <= range.to).toBe(true);
        }
        expectCanonical(ledger.ranges);
      }
      for (let n = 0; n <= TOP + 1; n++) expect(ledger.has(n)).toBe(model.has(n));
    }),
  );
});

it('takes every message in exactly once, whatever is lost, repeated or restarted', () => {
  const delivery = fc.record({ sequence: fc.integer({ min: 1, max: 40 }), lost: fc.boolean(), restart: fc.boolean() });
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 120 }), (deliveries) => {
      let ledger = new SequenceLedger();
      /** As the store keeps them: by lower end, the larger upper end wins. */
      const facts = new Map<number, number>();
      const taken = new Set<number>();
      let newest = 0;
      /** The newest first delivery that nothing was lost after; undefined once something was. */
      let unbroken: number | undefined = 0;
      for (const { sequence: wanted, lost, restart } of deliveries) {
        if (restart) {
          ledger = new SequenceLedger([...facts].map(([from, to]) => ({ from, to })));
          unbroken = undefined;
        }
        // The server sends new messages in order; anything at or below the newest is a repeat.
        const repeated = wanted <= newest;
        const sent = repeated ? wanted : newest + 1;
        newest = Math.max(newest, sent);
        if (lost) {
          if (!repeated) unbroken = undefined;
          continue;
        }
        const range = ledger.add({ sequence: sent, after: repeated ? sent - 1 : (unbroken ?? sent - 1) });
        if (!repeated) unbroken = sent;
        expect(range !== undefined).toBe(!taken.has(sent));
        taken.add(sent);
        if (range !== undefined) facts.set(range.from, Math.max(range.to, facts.get(range.from) ?? 0));
      }
      for (let n = 1; n <= newest; n++) expect(ledger.has(n)).toBe(taken.has(n));
    }),
  );
});
