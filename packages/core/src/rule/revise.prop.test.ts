/**
 * The law of a revision: whatever changed of the past, the log with the revised rows says at each step what evaluations in
 * time would have said; it ends in what was decided, and revising once more adds nothing.
 */
import fc from 'fast-check';
import { Labels } from '../model/labels.ts';
import {
  type AlertingRule,
  type AlertPhase,
  EMPTY_RULE_STATE,
  type RuleState,
  type Transition,
  stepRule,
} from './condition.ts';
import { RuleRevision, type RevisedRule } from './revise.ts';

const SECOND = 1_000_000_000n;
const SERIES = ['a', 'b'] as const;

type Held = readonly string[];

function ruleWith(forSeconds: number): AlertingRule {
  const keepFiringForNanos = 0n;
  return { name: 'Slow', forNanos: BigInt(forSeconds) * SECOND, keepFiringForNanos, labels: {}, annotations: {} };
}

const stampOf = (step: number): bigint => BigInt(step + 1) * SECOND;
const vectorOf = (held: Held) =>
  held.map((venue) => ({ labels: Labels.from({ __name__: 'm', venue }), timeMs: 0, value: 1 }));

function judge(rule: AlertingRule, steps: readonly Held[]) {
  let state: RuleState = EMPTY_RULE_STATE;
  const log: Transition[] = [];
  const states: RuleState[] = [];
  steps.forEach((held, i) => {
    const step = stepRule(rule, state, { vector: vectorOf(held), now: stampOf(i) });
    if (!step.ok) throw new Error(step.problem);
    state = step.state;
    log.push(...step.transitions);
    states.push(state);
  });
  return { log, state, states };
}

function revise(of: RevisedRule, steps: readonly Held[], from: number, to: number): Transition[] {
  const revision = new RuleRevision(of);
  const revised: Transition[] = [];
  for (let i = from; i <= to; i++) {
    const step = revision.step({ vector: vectorOf(steps[i] as Held), now: stampOf(i), isLast: i === to });
    if (!step.ok) throw new Error(step.problem);
    revised.push(...step.revised);
  }
  return revised;
}

/** As the store answers: by stamp, equal ones as they came. */
const merged = (log: readonly Transition[], more: readonly Transition[]): Transition[] =>
  [...log, ...more].sort((a, b) => Number(a.timeNanos - b.timeNanos));

/** What the log says right after a stamp. */
function saidAt(log: readonly Transition[], stamp: bigint, key: string): AlertPhase {
  return log.filter(({ timeNanos, labels }) => timeNanos <= stamp && labels.key === key).at(-1)?.to ?? 'inactive';
}

const keys = SERIES.map((venue) => Labels.from({ venue, alertname: 'Slow' }).key);
const since = (log: readonly Transition[], from: number): Transition[] =>
  log.filter(({ timeNanos }) => timeNanos >= stampOf(from));

const cases = fc
  .record({
    forSeconds: fc.integer({ min: 0, max: 4 }),
    before: fc.array(fc.subarray([...SERIES]), { minLength: 1, maxLength: 25 }),
    late: fc.array(fc.subarray([...SERIES]), { minLength: 25, maxLength: 25 }),
    bounds: fc.tuple(fc.nat(24), fc.nat(24)),
  })
  .map(({ before, late, bounds, ...rest }) => {
    const [a, b] = bounds.map((bound) => bound % before.length) as [number, number];
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    // What changed lies between the bounds.
    const after = before.map((held, i) => (i >= from && i <= to ? (late[i] as Held) : held));
    return { ...rest, before, after, from, to };
  });

it('the revised log says what evaluations in time would have said, step by step', () => {
  fc.assert(
    fc.property(cases, ({ forSeconds, before, after, from, to }) => {
      const rule = ruleWith(forSeconds);
      const { log, state } = judge(rule, before);
      const truth = judge(rule, after).states;
      const of = { rule, logged: since(log, from), open: state, fromNanos: stampOf(from), toleranceNanos: 0n };
      const all = merged(log, revise(of, after, from, to));
      for (const key of keys) {
        for (let i = from; i < to; i++)
          expect(saidAt(all, stampOf(i), key)).toBe(truth[i]?.get(key)?.phase ?? 'inactive');
        // From the last step on, what was decided stands.
        const next = log.find(({ timeNanos, labels }) => timeNanos > stampOf(to) && labels.key === key);
        for (let i = to; i < before.length; i++) {
          const isDecided =
            next === undefined || next.timeNanos <= stampOf(i) || saidAt(all, stampOf(i), key) !== next.to;
          if (isDecided) expect(saidAt(all, stampOf(i), key)).toBe(saidAt(log, stampOf(i), key));
        }
      }
    }),
  );
});

it('a revised row begins where the log before it ended, changes something and says why', () => {
  fc.assert(
    fc.property(cases, ({ forSeconds, before, after, from, to }) => {
      const rule = ruleWith(forSeconds);
      const { log, state } = judge(rule, before);
      const of = { rule, logged: since(log, from), open: state, fromNanos: stampOf(from), toleranceNanos: 0n };
      const revised = revise(of, after, from, to);
      const all = merged(log, revised);
      for (const row of revised) {
        const before = all.slice(0, all.indexOf(row)).filter(({ labels }) => labels.key === row.labels.key);
        expect(row.from).toBe(before.at(-1)?.to ?? 'inactive');
        expect(row.to).not.toBe(row.from);
      }
      expect(revised.every(({ reason }) => reason.startsWith('revised by samples that came late: '))).toBe(true);
    }),
  );
});

it('revising what did not change adds nothing, and neither does revising twice', () => {
  fc.assert(
    fc.property(cases, ({ before, after, from, to }) => {
      // Without `for` a state follows from its step alone, so the second revision begins where the first did.
      const rule = ruleWith(0);
      const { log, state } = judge(rule, before);
      const of = { rule, open: state, fromNanos: stampOf(from), toleranceNanos: 0n };
      expect(revise({ ...of, logged: since(log, from) }, before, from, to)).toEqual([]);
      const all = merged(log, revise({ ...of, logged: since(log, from) }, after, from, to));
      const again = merged(all, revise({ ...of, logged: since(all, from) }, after, from, to));
      for (const key of keys) {
        for (let i = from; i < before.length; i++)
          expect(saidAt(again, stampOf(i), key)).toBe(saidAt(all, stampOf(i), key));
      }
    }),
  );
});

it('a change that was decided within the tolerance is no difference', () => {
  const rule = ruleWith(0);
  const before: Held[] = [[], [], ['a'], ['a']];
  const after: Held[] = [[], ['a'], ['a'], ['a']];
  const { log, state } = judge(rule, before);
  const of = { rule, logged: since(log, 0), open: state, fromNanos: stampOf(0) };
  expect(revise({ ...of, toleranceNanos: SECOND }, after, 0, 3)).toEqual([]);
  const [row, ...rest] = revise({ ...of, toleranceNanos: SECOND - 1n }, after, 0, 3);
  expect(rest).toEqual([]);
  expect(row).toMatchObject({ timeNanos: stampOf(1), from: 'inactive', to: 'firing' });
});
