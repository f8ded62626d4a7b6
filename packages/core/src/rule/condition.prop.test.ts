/**
 * Laws of a rule's condition, by random sequences of evaluations: never before `for`, resolved once, no flapping below
 * `for`, and a restart from the stored transitions changes nothing.
 */
import fc from 'fast-check';
import { Labels } from '../model/labels.ts';
import {
  type AlertingRule,
  EMPTY_RULE_STATE,
  type RuleState,
  type Transition,
  recoverRule,
  stepRule,
} from './condition.ts';

const SECOND = 1_000_000_000n;
const SERIES = ['a', 'b', 'c'] as const;

/** One evaluation: seconds since the last one, the series for which the condition holds, a restart before it. */
const evaluations = fc.array(
  fc.record({ gap: fc.integer({ min: 0, max: 4 }), held: fc.subarray([...SERIES]), restart: fc.boolean() }),
  { maxLength: 60 },
);
const durations = fc.record({
  forSeconds: fc.integer({ min: 0, max: 8 }),
  keepSeconds: fc.integer({ min: 0, max: 8 }),
});

function ruleWith({ forSeconds, keepSeconds }: { forSeconds: number; keepSeconds: number }): AlertingRule {
  return {
    name: 'Slow',
    forNanos: BigInt(forSeconds) * SECOND,
    keepFiringForNanos: BigInt(keepSeconds) * SECOND,
    labels: {},
    annotations: {},
  };
}

function vectorOf(held: readonly string[], value: number) {
  return held.map((venue) => ({ labels: Labels.from({ __name__: 'm', venue }), timeMs: 0, value }));
}

function run(
  rule: AlertingRule,
  steps: readonly { gap: number; held: string[]; restart: boolean }[],
  restarts: boolean,
) {
  let now = 0n;
  let state: RuleState = EMPTY_RULE_STATE;
  const latest = new Map<string, Transition>();
  const history: { now: bigint; held: string[]; transitions: readonly Transition[]; state: RuleState }[] = [];
  steps.forEach((step, index) => {
    now += BigInt(step.gap) * SECOND;
    if (restarts && step.restart) state = recoverRule([...latest.values()]);
    const result = stepRule(rule, state, { vector: vectorOf(step.held, index), now });
    if (!result.ok) throw new Error(result.problem);
    state = result.state;
    for (const transition of result.transitions) latest.set(transition.labels.key, transition);
    history.push({ now, held: step.held, transitions: result.transitions, state });
  });
  return history;
}

describe('laws of a condition', () => {
  it('never fires before `for`, and never below it', () => {
    fc.assert(
      fc.property(durations, evaluations, (lengths, steps) => {
        const rule = ruleWith(lengths);
        const heldSince = new Map<string, bigint>();
        for (const { now, held, transitions } of run(rule, steps, false)) {
          for (const venue of SERIES) {
            if (!held.includes(venue)) heldSince.delete(venue);
            else if (!heldSince.has(venue)) heldSince.set(venue, now);
          }
          for (const { labels, from, to } of transitions) {
            if (to !== 'firing' || from === 'keep_firing') continue;
            const since = heldSince.get(labels.get('venue'));
            expect(since).toBeDefined();
            expect(now - (since ?? now)).toBeGreaterThanOrEqual(rule.forNanos);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('resolves each episode once, and only from where it was', () => {
    fc.assert(
      fc.property(durations, evaluations, (lengths, steps) => {
        const phase = new Map<string, string>();
        for (const { transitions } of run(ruleWith(lengths), steps, false)) {
          expect(new Set(transitions.map(({ labels }) => labels.key)).size).toBe(transitions.length);
          for (const { labels, from, to } of transitions) {
            expect(from).toBe(phase.get(labels.key) ?? 'inactive');
            expect(to).not.toBe(from);
            phase.set(labels.key, to);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps firing for its time after the condition ended, and ends at the first evaluation after it', () => {
    fc.assert(
      fc.property(durations, evaluations, (lengths, steps) => {
        const rule = ruleWith(lengths);
        const absentSince = new Map<string, bigint>();
        for (const { now, held, transitions, state } of run(rule, steps, false)) {
          for (const venue of SERIES) {
            if (held.includes(venue)) absentSince.delete(venue);
            else if (!absentSince.has(venue)) absentSince.set(venue, now);
          }
          for (const { labels, from, to } of transitions) {
            if (to !== 'inactive' || from === 'pending') continue;
            expect(now - (absentSince.get(labels.get('venue')) ?? now)).toBeGreaterThanOrEqual(rule.keepFiringForNanos);
          }
          for (const alert of state.values()) {
            const since = absentSince.get(alert.labels.get('venue'));
            if (since === undefined) expect(alert.phase).not.toBe('keep_firing');
            else expect(now - since).toBeLessThan(rule.keepFiringForNanos);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('goes on after a restart as if there had been none', () => {
    fc.assert(
      fc.property(durations, evaluations, (lengths, steps) => {
        const rule = ruleWith(lengths);
        const comparable = (restarts: boolean) =>
          run(rule, steps, restarts).map(({ transitions }) =>
            transitions.map(({ labels, from, to, timeNanos, activeAtNanos, reason }) => [
              labels.key,
              from,
              to,
              timeNanos,
              activeAtNanos,
              reason,
            ]),
          );
        expect(comparable(true)).toEqual(comparable(false));
      }),
      { numRuns: 500 },
    );
  });
});
