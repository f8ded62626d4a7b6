/** One loaded rule as it lives: its definition, its state, and what its last evaluation said. */
import {
  EMPTY_RULE_STATE,
  fingerprint,
  recoverRule,
  type ActiveAlert,
  type AlertPhase,
  type AlertView,
  type RuleHealth,
  type RuleState,
  type RuleView,
} from '@tapewatch/core';
import type { TransitionRow } from '../ports.ts';
import { AlertEvidence } from './alert-evidence.ts';
import { EvaluationStamps } from './evaluation-stamps.ts';
import type { LoadedGroup, LoadedRule } from './rule-file.ts';

export class RuleRuntime {
  definition: LoadedRule;
  group: LoadedGroup;
  state: RuleState = EMPTY_RULE_STATE;
  readonly evidence = new AlertEvidence();
  /** When it was evaluated, lately. */
  readonly stamps: EvaluationStamps;
  health: RuleHealth = 'unknown';
  lastError = '';
  /** 0n: never. */
  /** Mean duration of an evaluation, the newer ones weighing more. */
  meanSeconds = 0;
  startedNanos = 0n;
  evaluationSeconds = 0;
  running = false;
  /** News came in that the last evaluation has not seen. */
  dirty = false;
  removed = false;

  /** `keptStamps`: of so many evaluations the past can be revised. */
  constructor(definition: LoadedRule, group: LoadedGroup, keptStamps: number) {
    this.stamps = new EvaluationStamps(keptStamps);
    this.definition = definition;
    this.group = group;
  }

  /** True when the stored transition is of this rule: same names, and the rule's fixed labels are in it. */
  owns(row: TransitionRow): boolean {
    if (row.group !== this.group.name || row.rule !== this.definition.name) return false;
    return Object.entries(this.definition.labels).every(
      ([name, value]) => value.includes('{{') || row.labels.get(name) === value,
    );
  }

  /** Between two pieces of news, time alone may end its `for`, or change its result. */
  get waitsForTime(): boolean {
    if (this.definition.goesByTime) return true;
    for (const { phase } of this.state.values()) if (phase !== 'firing') return true;
    return false;
  }

  recover(rows: readonly TransitionRow[]): void {
    this.state = recoverRule(rows.map((row) => ({ ...row, to: row.to as AlertPhase })));
    for (const { labels, annotations } of rows) this.evidence.restore(labels, annotations, this.definition.annotations);
  }

  reads(changedNames: ReadonlySet<string>): boolean {
    const { inputs } = this.definition;
    if (inputs === 'any') return true;
    for (const name of inputs) if (changedNames.has(name)) return true;
    return false;
  }

  view(): RuleView {
    const { type, name, expr, forMs, keepFiringForMs, labels, annotations } = this.definition;
    const alerts = [...this.state.values()].map((alert) => alertView(alert, this.evidence));
    const phases = new Set(alerts.map(({ state }) => state));
    return {
      type,
      name,
      query: expr,
      forSeconds: forMs / 1000,
      keepFiringForSeconds: keepFiringForMs / 1000,
      labels,
      annotations,
      state: phases.has('firing') ? 'firing' : phases.has('pending') ? 'pending' : 'inactive',
      health: this.health,
      lastError: this.lastError,
      lastEvaluationNanos: this.startedNanos,
      evaluationSeconds: this.evaluationSeconds,
      alerts,
    };
  }
}

function alertView({ labels, annotations, phase, ...rest }: ActiveAlert, evidence: AlertEvidence): AlertView {
  const { activeAtNanos, value } = rest;
  const state = phase === 'pending' ? 'pending' : 'firing';
  const told = { ...evidence.of(labels), ...annotations };
  return { labels, annotations: told, state, activeAtNanos, value, fingerprint: fingerprint(labels) };
}
