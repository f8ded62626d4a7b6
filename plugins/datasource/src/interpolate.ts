/**
 * Dashboard variables in a query. In PromQL several values become a regular expression alternative, quoted for the
 * string they stand in, as Prometheus' data source does; in filters they become several values. Pure: Grafana's template
 * service is passed in. `$__interval`, `$__rate_interval` and `$__range` stay, the sidecar expands them, so that alert
 * rules, which have no template service, work with the same text.
 */
import type { ScopedVars } from '@grafana/data';
import { TEXT_FIELDS } from './document.ts';
import { FILTER_DIMENSIONS, type TapewatchQuery } from './query.ts';

export type Replace = (
  text: string,
  scopedVars: ScopedVars,
  format?: (value: unknown, variable: { multi?: boolean; includeAll?: boolean }) => string,
) => string;

const SIDECAR_MACROS = [
  '__interval',
  '__interval_ms',
  '__rate_interval',
  '__rate_interval_ms',
  '__range',
  '__range_s',
  '__range_ms',
];

/**
 * Each macro stands for itself. Taking them out of the scoped variables is not enough: a dashboard knows `$__interval`
 * from the panel's previous request, which has another step than this query (it may have a minimum of its own).
 */
const KEEP_MACROS: ScopedVars = Object.fromEntries(
  SIDECAR_MACROS.map((name) => [name, { text: `$${name}`, value: `$${name}` }]),
);

export function interpolateQuery(query: TapewatchQuery, scopedVars: ScopedVars, replace: Replace): TapewatchQuery {
  const variables = { ...scopedVars, ...KEEP_MACROS };
  const text = (value: string): string => replace(value, variables);
  const result: TapewatchQuery = { ...query };
  if (query.expr !== undefined) result.expr = replace(query.expr, variables, quoteForPromql);
  if (query.rawSql !== undefined) result.rawSql = replace(query.rawSql, variables, quoteForSql);
  if (query.legendFormat !== undefined) result.legendFormat = text(query.legendFormat);
  if (query.minStep !== undefined) result.minStep = text(query.minStep);
  for (const key of TEXT_FIELDS) {
    const value = query[key];
    if (typeof value === 'string') Object.assign(result, { [key]: text(value) });
  }
  if (query.by !== undefined) {
    result.by = query.by.flatMap((name) => expandList(name, variables, replace)) as NonNullable<TapewatchQuery['by']>;
  }
  if (query.filters !== undefined) {
    const filters: NonNullable<TapewatchQuery['filters']> = {};
    for (const name of FILTER_DIMENSIONS) {
      const values = query.filters[name];
      if (values !== undefined) filters[name] = values.flatMap((value) => expandList(value, variables, replace));
    }
    result.filters = filters;
  }
  return result;
}

/** A value for a PromQL string: escaped for the string alone, or for a regular expression when there may be several. */
export function quoteForPromql(value: unknown, variable: { multi?: boolean; includeAll?: boolean }): string {
  if (Array.isArray(value)) {
    const quoted = value.map((one) => escapeRegex(String(one)));
    return quoted.length === 1 ? (quoted[0] as string) : `(${quoted.join('|')})`;
  }
  const single = String(value);
  return variable.multi === true || variable.includeAll === true ? escapeRegex(single) : escapeString(single);
}

function escapeString(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}

/** Regular expression first, then the string around it: `.` becomes `\\.`. */
function escapeRegex(value: string): string {
  return escapeString(value.replace(/[\\^$*+?.()|[\]{}]/g, '\\$&'));
}

/** As Grafana's SQL data sources do: several values as a list of strings, one as it is but for its quotes. */
export function quoteForSql(value: unknown, variable: { multi?: boolean; includeAll?: boolean }): string {
  const quote = (one: unknown): string => `'${String(one).replaceAll("'", "''")}'`;
  if (Array.isArray(value)) return value.map(quote).join(',');
  const isList = variable.multi === true || variable.includeAll === true;
  return isList ? quote(value) : String(value).replaceAll("'", "''");
}

/** Cannot stand in a label's value that people type. */
const SEPARATOR = '\u001f';

/** "All" without a value of its own filters nothing. */
function expandList(value: string, scopedVars: ScopedVars, replace: Replace): string[] {
  const joined = replace(value, scopedVars, (given) => (Array.isArray(given) ? given.join(SEPARATOR) : String(given)));
  return joined.split(SEPARATOR).filter((one) => one !== '' && one !== '$__all' && one !== '.*');
}
