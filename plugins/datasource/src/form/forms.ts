/** Every query type that has a form; PromQL has an editor of its own. A new type is one line here and one form. */
import type { QueryType } from '@tapewatch/contract';
import type { QueryForm } from './field.ts';
import { alertsForm, eventsForm } from './record.ts';
import { pnlForm, slippageForm } from './trading.ts';

export const FORMS: Readonly<Record<Exclude<QueryType, 'promql'>, QueryForm>> = {
  slippage: slippageForm,
  pnl: pnlForm,
  alerts: alertsForm,
  events: eventsForm,
};
