/** The functions that every query can use, in one table; more can be joined to it with `define`. */
import { certaintyFunctions } from './certainty.ts';
import { changeFunctions } from './change.ts';
import { define, signatureOf, type FunctionRegistry } from './definition.ts';
import { histogramFunctions } from './histogram.ts';
import { infoFunctions } from './info.ts';
import { labelFunctions } from './label.ts';
import { mathFunctions } from './math.ts';
import { overTimeFunctions } from './over-time.ts';
import { presenceFunctions } from './presence.ts';
import { rateFunctions } from './rate.ts';
import { sortFunctions } from './sort.ts';
import { timeFunctions } from './time.ts';
import { AGGREGATIONS, type Aggregation, type ValueType } from '../ast.ts';

export type { FunctionRegistry } from './definition.ts';

/** Behind `--enable-feature=promql-experimental-functions` in Prometheus 3.15; always on here. */
const EXPERIMENTAL = new Set([
  'double_exponential_smoothing',
  'end',
  'histogram_quantiles',
  'info',
  'limit_ratio',
  'limitk',
  'mad_over_time',
  'max_of',
  'min_of',
  'range',
  'sort_by_label',
  'sort_by_label_desc',
  'start',
  'start_timestamp',
  'step',
  'ts_of_first_over_time',
  'ts_of_last_over_time',
  'ts_of_max_over_time',
  'ts_of_min_over_time',
]);

export const builtinFunctions: FunctionRegistry = define([
  ...rateFunctions,
  ...changeFunctions,
  ...overTimeFunctions,
  ...histogramFunctions,
  ...certaintyFunctions,
  ...presenceFunctions,
  ...labelFunctions,
  ...infoFunctions,
  ...sortFunctions,
  ...mathFunctions,
  ...timeFunctions,
]);

/** What an editor shows for a name it completes. */
export interface FunctionSignature {
  readonly name: string;
  readonly kind: 'function' | 'aggregation';
  readonly signature: string;
  readonly doc: string;
  readonly returns: ValueType;
  /** `stable` and `experimental` are Prometheus's words; `ours` is not part of Prometheus. */
  readonly status: 'stable' | 'experimental' | 'ours';
}

const AGGREGATION_DOCS: Readonly<Record<Aggregation, readonly [param: string, doc: string]>> = {
  sum: ['', 'Sum over the group; histograms are merged exactly.'],
  avg: ['', 'Average over the group.'],
  count: ['', 'Number of series in the group.'],
  min: ['', 'Smallest value of the group.'],
  max: ['', 'Largest value of the group.'],
  group: ['', '1 for each group.'],
  stddev: ['', 'Population standard deviation over the group.'],
  stdvar: ['', 'Population variance over the group.'],
  topk: ['k scalar, ', 'The k series with the largest values of the group.'],
  bottomk: ['k scalar, ', 'The k series with the smallest values of the group.'],
  count_values: ['label string, ', 'Number of series per value; the value becomes a label.'],
  quantile: ['q scalar, ', 'The q-quantile (0 <= q <= 1) over the values of the group. Never average percentiles.'],
  limitk: ['k scalar, ', 'Any k series of the group, always the same ones.'],
  limit_ratio: ['ratio scalar, ', 'A stable share of the series; a negative ratio gives the others.'],
};

/** Signatures of all functions and aggregations, by name. */
export function functionSignatures(functions: FunctionRegistry = builtinFunctions): FunctionSignature[] {
  const calls = [...functions.values()].map((definition): FunctionSignature => ({
    name: definition.name,
    kind: 'function',
    signature: signatureOf(definition),
    doc: definition.doc,
    returns: definition.returns,
    status: definition.ours === true ? 'ours' : statusOf(definition.name),
  }));
  const aggregations = AGGREGATIONS.map((name): FunctionSignature => {
    const [param, doc] = AGGREGATION_DOCS[name];
    const signature = `${name} [by|without (labels)] (${param}v instant vector) instant vector`;
    return { name, kind: 'aggregation', signature, doc, returns: 'vector', status: statusOf(name) };
  });
  return [...calls, ...aggregations].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function statusOf(name: string): 'stable' | 'experimental' {
  return EXPERIMENTAL.has(name) ? 'experimental' : 'stable';
}
