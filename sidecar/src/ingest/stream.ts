/** A configured stream, compiled: its NATS filter, and the labels of each subject from a bounded cache. */
import { TapewatchError } from '../errors.ts';
import type { StreamOptions } from './options.ts';
import { compileSubjectPattern } from './subject-pattern.ts';

/** Subjects whose labels are kept; the cache starts anew when it is full. */
export const SUBJECTS_MAX = 10_000;

export interface CompiledStream {
  readonly options: StreamOptions;
  readonly filter: string;
  /**
   * Static labels of the stream, then those of the subject's tokens, which win. The same subject yields the same object
   * while it is cached: codecs keep what they know of a label set by its identity. The subject is looked at only where it
   * has tokens: reading it may cost a decoding.
   */
  labelsOf(message: { readonly subject: string }): Readonly<Record<string, string>>;
}

export function compileStream(options: StreamOptions): CompiledStream {
  const pattern = compileSubjectPattern(options.subject);
  if (typeof pattern === 'string') throw new TapewatchError('config.invalid', `stream "${options.name}": ${pattern}`);
  const cache = new Map<string, Readonly<Record<string, string>>>();
  // Without tokens every subject has the same labels, and needs no cache.
  if (!options.subject.includes('{')) {
    const labels = { ...options.labels };
    return { options, filter: pattern.filter, labelsOf: () => labels };
  }
  return {
    options,
    filter: pattern.filter,
    labelsOf({ subject }) {
      const known = cache.get(subject);
      if (known !== undefined) return known;
      if (cache.size >= SUBJECTS_MAX) cache.clear();
      const labels = { ...options.labels, ...pattern.extract(subject) };
      cache.set(subject, labels);
      return labels;
    },
  };
}
