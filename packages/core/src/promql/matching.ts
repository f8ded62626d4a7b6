/** Which series of two vectors belong together: those that agree on the matching labels. The metric name never counts. */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matching } from './ast.ts';

/** The labels that two series must share to match, as one key. */
export function matchKey({ on, labels }: Matching): (labels: Labels) => string {
  const ignored = [...labels, METRIC_NAME];
  return (of) => (on ? of.only(labels) : of.without(ignored)).key;
}
