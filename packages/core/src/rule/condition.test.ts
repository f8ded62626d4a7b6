import { Labels } from '../model/labels.ts';
import { type AlertingRule, EMPTY_RULE_STATE, endRule, stepRule } from './condition.ts';
import { fingerprint } from './fingerprint.ts';
import { parseTemplate } from './template.ts';

const SECOND = 1_000_000_000n;
const rule: AlertingRule = {
  name: 'SlowVenue',
  forNanos: 2n * SECOND,
  keepFiringForNanos: 0n,
  labels: { severity: parseTemplate('WARNING'), where: parseTemplate('at {{ $labels.venue }}') },
  annotations: { summary: parseTemplate('{{ $labels.venue }} takes {{ $value | humanizeDuration }}') },
};
const slow = (venue: string, value: number) => ({
  labels: Labels.from({ __name__: 'order_ack_seconds', venue, alertname: 'overridden' }),
  timeMs: 0,
  value,
});

describe('one rule over time', () => {
  it('goes from pending to firing to resolved with labels, texts and reasons (proves: RUL-21)', () => {
    const phases: string[] = [];
    let state = EMPTY_RULE_STATE;
    for (const [at, vector] of [
      [0n, [slow('XNAS', 0.2)]],
      [1n, [slow('XNAS', 0.3)]],
      [2n, [slow('XNAS', 0.4)]],
      [3n, []],
      [4n, []],
    ] as const) {
      const step = stepRule(rule, state, { vector, now: at * SECOND });
      if (!step.ok) throw new Error(step.problem);
      state = step.state;
      phases.push(...step.transitions.map(({ from, to, reason, value }) => `${at} ${from}>${to} ${value} ${reason}`));
      if (at === 2n) {
        expect([...state.values()][0]).toMatchObject({
          annotations: { summary: 'XNAS takes 400ms' },
          activeAtNanos: 0n,
          phase: 'firing',
        });
        expect([...state.values()][0]?.labels.toRecord()).toEqual({
          alertname: 'SlowVenue',
          severity: 'WARNING',
          venue: 'XNAS',
          where: 'at XNAS',
        });
      }
    }
    expect(phases).toEqual([
      '0 inactive>pending 0.2 the condition holds; it fires when it has held for 2s',
      '2 pending>firing 0.4 the condition has held for 2s',
      '3 firing>inactive 0.4 the condition no longer holds',
    ]);
    expect(state.size).toBe(0);
  });

  it('refuses two results with the same labels and names them', () => {
    const step = stepRule(rule, EMPTY_RULE_STATE, {
      vector: [slow('XNAS', 1), { ...slow('XNAS', 2), labels: Labels.from({ __name__: 'other', venue: 'XNAS' }) }],
      now: 0n,
    });
    expect(step).toEqual({ ok: false, problem: expect.stringContaining('alertname="SlowVenue"') });
  });

  it('ends every alert of a rule that is gone', () => {
    const step = stepRule({ ...rule, forNanos: 0n }, EMPTY_RULE_STATE, {
      vector: [slow('A', 1), slow('B', 1)],
      now: 0n,
    });
    if (!step.ok) throw new Error(step.problem);
    const ended = endRule(step.state, SECOND, 'the rule was removed');
    expect(ended.map(({ from, to, reason }) => [from, to, reason])).toEqual([
      ['firing', 'inactive', 'the rule was removed'],
      ['firing', 'inactive', 'the rule was removed'],
    ]);
  });
});

describe('fingerprints', () => {
  // prometheus/common, model/signature_test.go and labelset_test.go: the empty set is FNV's offset basis.
  it('are those of Alertmanager', () => {
    expect(fingerprint(Labels.empty)).toBe('cbf29ce484222325');
    expect(BigInt(`0x${fingerprint(Labels.from({ name: 'garland, briggs', fear: 'love is not enough' }))}`)).toBe(
      5799056148416392346n,
    );
  });
});
