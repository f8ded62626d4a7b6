import { alertObject } from '@tapewatch/contract';
import { Labels, measuredBy, parse, type AlertPhase, type Transition } from '@tapewatch/core';
import { alertObjectOf, type AlertSource } from './alert-object.ts';

const EXPR = 'error_rate > 3';
const SOURCE: AlertSource = { group: 'g', name: 'HighErrors', expr: EXPR, measured: measuredBy(parse(EXPR)) };
const BEGAN = 1_767_776_400_000_000_000n;

function change(from: AlertPhase, to: AlertPhase, more: Partial<Transition> & { labelled?: object } = {}): Transition {
  const { labelled, ...rest } = more;
  return {
    ...{ timeNanos: BEGAN + 500_000_000n, activeAtNanos: BEGAN, from, to, reason: 'the condition holds', value: 5.2 },
    labels: Labels.from({ alertname: 'HighErrors', severity: 'CRITICAL', ...labelled }),
    annotations: {},
    ...rest,
  };
}

it('says what a rule says of its alert, in the fields of the queue', () => {
  const annotations = {
    summary: 'error rate 5.2 %\nis above 3 %',
    description: 'ml-inference answers 5.2 % of requests with an error, for 5 minutes',
    suggested_actions: '- check model serving\n2. check the feature service\n\n  * look at recent deployments ',
    runbook_url: 'https://desk.example/runbooks/ml-inference-errors',
    escalation_policy: 'ml-team-oncall',
    correlation_id: 'incident_20260107_001',
    slow_hop: 'gateway',
  };
  const object = alertObjectOf(
    change('pending', 'firing', { annotations, labelled: { service: 'ml-inference' } }),
    SOURCE,
  );
  expect(alertObject.parse(object)).toEqual({
    alert_id: expect.stringMatching(/^alert_[0-9a-f]+$/) as string,
    timestamp: '2026-01-07T09:00:00.5Z',
    severity: 'critical',
    service: 'ml-inference',
    metric: 'error_rate',
    current_value: 5.2,
    threshold: 3,
    message: 'error rate 5.2 % is above 3 %',
    description: annotations.description,
    suggested_actions: ['check model serving', 'check the feature service', 'look at recent deployments'],
    runbook_url: annotations.runbook_url,
    escalation_policy: 'ml-team-oncall',
    correlation_id: 'incident_20260107_001',
    status: 'firing',
    labels: { alertname: 'HighErrors', severity: 'CRITICAL', service: 'ml-inference' },
    annotations,
  });
});

it('has something in each field where a rule says nothing', () => {
  const source = { ...SOURCE, measured: { metric: undefined, threshold: undefined } };
  const object = alertObject.parse(alertObjectOf(change('inactive', 'firing', { value: NaN }), source));
  expect(object).toMatchObject({
    ...{ service: '', metric: EXPR, current_value: null, threshold: null, suggested_actions: [], runbook_url: '' },
    ...{ message: 'HighErrors: the condition holds', description: 'the condition holds', escalation_policy: '' },
  });
  expect(object.correlation_id).not.toBe('');
});

it.each([
  ['INFO', 'info'],
  ['Warning', 'warning'],
  ['critical', 'critical'],
  ['EMERGENCY', 'emergency'],
  ['', 'warning'],
])('writes the severity %s in lower case (proves: LIF-03)', (severity, written) => {
  expect(alertObjectOf(change('inactive', 'firing', { labelled: { severity } }), SOURCE)?.severity).toBe(written);
});

it('tells beginnings and ends, and nothing in between', () => {
  const told = (from: AlertPhase, to: AlertPhase) => alertObjectOf(change(from, to), SOURCE)?.status;
  expect(told('inactive', 'firing')).toBe('firing');
  expect(told('pending', 'firing')).toBe('firing');
  expect(told('firing', 'inactive')).toBe('resolved');
  expect(told('keep_firing', 'inactive')).toBe('resolved');
  expect(told('inactive', 'pending')).toBeUndefined();
  expect(told('pending', 'inactive')).toBeUndefined();
  expect(told('firing', 'keep_firing')).toBeUndefined();
});

it('has one id from beginning to end, and another for the next time and for another alert', () => {
  const idOf = (transition: Transition) => alertObjectOf(transition, SOURCE)?.alert_id;
  const id = idOf(change('inactive', 'firing'));
  expect(idOf(change('firing', 'inactive', { timeNanos: BEGAN + 9n ** 12n }))).toBe(id);
  expect(idOf(change('inactive', 'firing', { activeAtNanos: BEGAN + 1n }))).not.toBe(id);
  expect(idOf(change('inactive', 'firing', { labelled: { service: 'other' } }))).not.toBe(id);
});
