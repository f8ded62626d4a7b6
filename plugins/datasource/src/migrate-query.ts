/**
 * Reads a stored query of any age, or one that was written for Prometheus' data source, into today's shape. Pure and
 * idempotent; the sidecar applies the same defaults, because alert rules never pass the browser.
 */
import { formatsOf, QUERY_TYPES, type TapewatchQuery } from './query.ts';

/** A format that the chosen type does not know may be another type's, to which the hand goes back. */
const KNOWN_FORMATS = QUERY_TYPES.flatMap(formatsOf);

type Stored = Partial<TapewatchQuery> & Record<string, unknown>;

/** Accepts anything: dashboards are edited by hand. */
export function migrateQuery(stored: unknown): TapewatchQuery {
  if (typeof stored === 'string') return { refId: 'A', queryType: 'promql', expr: stored };
  if (typeof stored !== 'object' || stored === null) return { refId: 'A', queryType: 'promql' };
  const query = stored as Stored;
  const isOurs = QUERY_TYPES.some((type) => type === query.queryType);
  const migrated = { refId: 'A', ...(isOurs ? query : fromPrometheus(query)) } as TapewatchQuery;
  if (!KNOWN_FORMATS.some((format) => format === migrated.format)) delete migrated.format;
  return migrated;
}

/** Prometheus' `interval` is our `minStep`; `range` is implied by `instant`; exemplars and its editor's mode have no use here. */
function fromPrometheus({ interval, range, exemplar, editorMode, ...query }: Stored): Stored {
  void [range, exemplar, editorMode];
  const minStep = query.minStep ?? (typeof interval === 'string' && interval !== '' ? interval : undefined);
  return { ...query, queryType: 'promql', ...(minStep === undefined ? {} : { minStep }) };
}
