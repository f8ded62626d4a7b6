/**
 * Queries of panels, typed by the contract's own documents and parsed by them here, so that a board cannot be built
 * with a query that the sidecar would refuse.
 */
import { tapewatchQuery, type TapewatchQueryInput } from '@tapewatch/contract';
import { DASHBOARD, TAPEWATCH, type Target } from './model.ts';

type Extra<T extends TapewatchQueryInput['queryType']> = Omit<
  Extract<TapewatchQueryInput, { queryType: T }>,
  'queryType' | 'expr'
>;

/** Refers to the board's filter variables; a multi-value variable is an alternation inside `=~`. */
export const FILTER = 'venue=~"$venue", strategy=~"$strategy"';
export const VENUE = 'venue=~"$venue"';

const TRADING_FILTERS = { venue: ['$venue'], strategy: ['$strategy'] };

export function target(refId: string, query: TapewatchQueryInput): Target {
  tapewatchQuery.parse(query);
  return { datasource: TAPEWATCH, refId, ...query };
}

export function promql(refId: string, expr: string, extra: Extra<'promql'> = {}): Target {
  return target(refId, { queryType: 'promql', expr, ...extra });
}

/** Of what comes every 15 seconds, as by scraping: rates over `$__rate_interval` then hold four samples and more. */
export function scraped(refId: string, expr: string, legendFormat: string): Target {
  return promql(refId, expr, { legendFormat, minStep: '15s' });
}

/** One number (per label set) at the end of the range. */
export function instant(refId: string, expr: string, extra: Extra<'promql'> = {}): Target {
  return promql(refId, expr, { instant: true, ...extra });
}

export function slippage(refId: string, extra: Extra<'slippage'>): Target {
  return target(refId, { queryType: 'slippage', filters: TRADING_FILTERS, ...extra });
}

export function pnl(refId: string, extra: Extra<'pnl'>): Target {
  return target(refId, { queryType: 'pnl', filters: TRADING_FILTERS, ...extra });
}

type Trading = Exclude<TapewatchQueryInput['queryType'], 'promql' | 'alerts' | 'events' | 'sql' | 'trace'>;

/** A typed trading query, filtered by the board's variables. */
export function trading<T extends Trading>(refId: string, queryType: T, extra: Extra<T> = {} as Extra<T>): Target {
  return target(refId, Object.assign({ queryType, filters: TRADING_FILTERS }, extra) as TapewatchQueryInput);
}

/**
 * The rate of a counter that is counted per event: its series are many and each gets a sample only when something happens,
 * so the window must be wide enough to hold some, or most series would have no rate at all.
 */
export function eventRate(selector: string): string {
  return `rate(${selector}[1m])`;
}

/** A quantile of a distribution metric, merged over everything that `by` does not name. */
export function quantile(q: number, metric: string, options: { by?: string; matchers?: string } = {}): string {
  const selector = `${metric}{${options.matchers ?? FILTER}}`;
  const by = options.by === undefined ? '' : ` by (${options.by}) `;
  return `histogram_quantile(${q}, sum${by}(rate(${selector}[$__rate_interval])))`;
}

/** The answer of another panel of the same board: figures that one query knows are asked once. */
export function answerOf(panelId: number): Target {
  return { datasource: DASHBOARD, panelId, refId: 'A', withTransforms: false };
}
