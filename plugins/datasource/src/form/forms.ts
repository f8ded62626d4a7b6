/** Every query type that has a form; PromQL has an editor of its own. A new type is one line here and one form. */
import type { QueryType } from '@tapewatch/contract';
import { LABELS } from '../document.ts';
import { executionForm, impactForm, marketForm, markoutsForm } from './execution.ts';
import type { QueryForm } from './field.ts';
import { latencyAttributionForm, marketOrUsForm, traceForm } from './latency.ts';
import { performanceForm, riskForm } from './performance.ts';
import { alertsForm, eventsForm, sqlForm } from './record.ts';
import { pnlForm, slippageForm } from './trading.ts';

export const FORMS: Readonly<Record<Exclude<QueryType, 'promql'>, QueryForm>> = {
  pnl: pnlForm,
  performance: performanceForm,
  risk: riskForm,
  slippage: slippageForm,
  execution: executionForm,
  markouts: markoutsForm,
  impact: impactForm,
  market: marketForm,
  latency_attribution: latencyAttributionForm,
  trace: traceForm,
  market_or_us: marketOrUsForm,
  alerts: alertsForm,
  events: eventsForm,
  sql: sqlForm,
};

export interface QueryTypeChoice {
  readonly value: QueryType;
  readonly label: string;
  readonly description: string;
  readonly group: string;
}

/** Every type, as a list to choose from shows it. */
export const QUERY_TYPE_CHOICES: readonly QueryTypeChoice[] = [
  { value: 'promql', label: LABELS.promql, description: 'Metrics and latency histograms', group: 'Metrics' },
  ...Object.entries(FORMS).map(([type, { description, group }]) => {
    const value = type as QueryType;
    return { value, label: LABELS[value], description, group };
  }),
];
