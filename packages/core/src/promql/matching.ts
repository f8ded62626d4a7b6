/** Which series of two vectors belong together: those that agree on the matching labels. The metric name never counts. */
import type { Labels } from '../model/labels.ts';
import type { Matching } from './ast.ts';
import { signatureOf } from './signature.ts';

/** The labels that two series must share to match, as one key. */
export function matchKey({ on, labels }: Matching): (labels: Labels) => string {
  return signatureOf(labels, on ? 'only' : 'without');
}
