/** Rules and alerts as they are shown; the words are Prometheus's. */
import type { Labels } from './labels.ts';

export type AlertState = 'inactive' | 'pending' | 'firing';
export type RuleHealth = 'unknown' | 'ok' | 'err';

export interface AlertView {
  /** Rule labels and series labels, `alertname` included. */
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly activeAtNanos: bigint;
  readonly value: number;
  readonly fingerprint: string;
}

export interface RuleView {
  readonly type: 'alerting' | 'recording';
  readonly name: string;
  readonly query: string;
  readonly forSeconds: number;
  readonly keepFiringForSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: AlertState;
  readonly health: RuleHealth;
  readonly lastError: string;
  readonly lastEvaluationNanos: bigint;
  readonly evaluationSeconds: number;
  readonly alerts: readonly AlertView[];
}

export interface RuleGroupView {
  readonly name: string;
  readonly file: string;
  readonly intervalSeconds: number;
  readonly rules: readonly RuleView[];
}
