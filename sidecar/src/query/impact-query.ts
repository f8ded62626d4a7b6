/**
 * Answers an impact query: how far the mid went against our orders by their size (`bins`), what the market's flow and our
 * sizes cost by Kyle, the square root and the best exponent (`fits`), or how the mid responds to trades (`response`).
 */
import type { ImpactQuery } from '@tapewatch/contract';
import {
  fitKyle,
  fitPowerLaw,
  fitSquareRoot,
  metaorderImpact,
  MIN_ORDERS_FOR_EXPONENT,
  responseFunction,
  sizeBins,
  type Coefficient,
  type Estimate,
  type Fill,
  type Notice,
  type OrderLife,
  type SizedImpact,
  type Table,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { chanceOf } from './chance.ts';
import { Currencies, orderKey, readExecution } from './execution-read.ts';
import {
  FIT_COLUMNS,
  RESPONSE_COLUMNS,
  sizeColumns,
  type BinRow,
  type FitRow,
  type ResponseRow,
} from './impact-column.ts';
import { FlowIntervals, readFlow, type Flow, type FlowRead } from './impact-read.ts';
import { QuoteAsks, type QuoteAnswers } from './quote-asks.ts';
import { reportTable, type Column, type ReportText } from './trading-table.ts';

/** Trades later. */
const RESPONSE_LAGS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;

export async function runImpact(
  query: ImpactQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const executedQuery = `market impact (${query.format}) by ${query.by.join(', ') || 'nothing'}`;
  const { fills, orders, notices } = await readExecution(reader, envelope, query.filters, signal);
  const flow = await readFlow(reader, { query, envelope, fills }, signal);
  const asks = new QuoteAsks({
    reader,
    maxQuoteAgeMs: query.maxQuoteAgeMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const context: Context = { query, fills, flow };
  const { fromAlert } = envelope;
  if (query.format === 'response') {
    for (const one of flow.flows) for (const { timeNanos } of one.trades) asks.before(one, timeNanos);
    const answers = await asks.read();
    const text = { executedQuery, notices: [...notices, ...flow.notices, ...answers.notices] };
    return [responseTable(flow.flows, answers, { ...text, fromAlert })];
  }
  const intervals = query.format === 'fits' ? new FlowIntervals(flow.flows, query.intervalMs, asks) : null;
  const done = orders.filter((life) => life.fills.length > 0);
  for (const life of done) {
    if (life.arrivalMid === null) asks.before(life, life.arrivalNanos);
    asks.at(life, lastFillOf(life));
  }
  const answers = await asks.read();
  const groups = impactsOf(done, answers, context);
  const text = { executedQuery, notices: [...notices, ...flow.notices, ...answers.notices, sizeNotice(context)] };
  if (intervals === null) return [binTable(groups, context, { ...text, fromAlert })];
  const kyle = flow.flows.flatMap((one) => kyleRows(one, intervals.of(one, answers)));
  return [fitTable([...kyle, ...groups.flatMap(sizeRows)], { ...text, fromAlert })];
}

interface Context {
  readonly query: ImpactQuery;
  readonly fills: readonly Fill[];
  readonly flow: FlowRead;
}

interface ImpactGroup {
  readonly group: readonly string[];
  readonly currency: string;
  readonly impacts: SizedImpact[];
}

function lastFillOf(life: OrderLife): bigint {
  return life.fills.at(-1)?.timeNanos ?? life.arrivalNanos;
}

function impactsOf(orders: readonly OrderLife[], answers: QuoteAnswers, context: Context): ImpactGroup[] {
  const currencies = new Currencies(context.fills);
  const volumes = dailyVolumes(context);
  const groups = new Map<string, ImpactGroup>();
  for (const life of orders) {
    const arrival = life.arrivalMid ?? answers.before(life, life.arrivalNanos).mid ?? null;
    const lastFill = answers.at(life, lastFillOf(life)).mid ?? null;
    const impact = metaorderImpact(life, { arrival, lastFill }, volumes?.get(life.symbol) ?? null);
    if (impact === null) continue;
    const { group, currency } = orderKey(context.query.by, life, currencies);
    const id = JSON.stringify([group, currency]);
    let one = groups.get(id);
    if (one === undefined) groups.set(id, (one = { group, currency, impacts: [] }));
    one.impacts.push(impact);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** Null where sizes are money, because not every symbol has prints. */
function dailyVolumes({ flow, fills }: Context): ReadonlyMap<string, number> | null {
  const volumes = flow.dailyVolumes;
  return fills.length > 0 && fills.every(({ symbol }) => (volumes.get(symbol) ?? 0) > 0) ? volumes : null;
}

function sizeNotice(context: Context): Notice {
  const size = dailyVolumes(context) === null ? 'money (price times quantity)' : 'quantity over the volume of a day';
  return { severity: 'info', text: `size of an order: ${size}` };
}

interface ImpactText extends ReportText {
  readonly fromAlert: boolean;
}

/** A rule reads one number per label set: several columns would be duplicates to it. */
function shownColumns<Row>(columns: readonly Column<Row>[], { fromAlert }: ImpactText): readonly Column<Row>[] {
  return fromAlert ? columns.slice(0, 1) : columns;
}

function binTable(groups: readonly ImpactGroup[], context: Context, text: ImpactText): Table {
  const { query } = context;
  const rows = groups.flatMap(({ group, currency, impacts }) =>
    sizeBins(impacts, chanceOf(JSON.stringify(group)), query.bins).map((bin, i): BinRow => ({
      ...bin,
      group: [...group, String(i + 1).padStart(2, '0')],
      currency,
    })),
  );
  const { executedQuery, notices } = text;
  const columns = sizeColumns(dailyVolumes(context) === null ? 'money' : 'percentunit');
  return reportTable(rows, [...query.by, 'bin'], shownColumns(columns, text), { executedQuery, notices });
}

function kyleRows({ venue, symbol }: Flow, intervals: Parameters<typeof fitKyle>[0]): FitRow[] {
  const fit = fitKyle(intervals);
  if (fit === null) return [];
  const row = (model: string, { slope, rSquared, observations }: typeof fit.linear): FitRow => ({
    ...{ group: [`${venue} ${symbol}`, model], currency: '', observations, rSquared },
    ...{ value: slope.value, lower: slope.lower, upper: slope.upper, standardError: slope.standardError, t: slope.t },
  });
  return [row('kyle', fit.linear), row('kyle_root', fit.root)];
}

function sizeRows({ group, currency, impacts }: ImpactGroup): FitRow[] {
  const name = group.join(' ') || 'all';
  const common = { currency, observations: impacts.length, rSquared: null };
  const rows: FitRow[] = [];
  const root = fitSquareRoot(impacts);
  if (root !== null) rows.push({ ...common, group: [name, 'square_root'], ...coefficientOf(root) });
  const law = fitPowerLaw(impacts, chanceOf(`${name} exponent`));
  if (law !== null) rows.push({ ...common, group: [name, 'exponent'], ...intervalOf(law.exponent) });
  return rows;
}

function coefficientOf({ value, lower, upper, standardError, t }: Coefficient) {
  return { value, lower, upper, standardError, t };
}

function intervalOf({ value, lower, upper }: Estimate) {
  return { value, lower, upper, standardError: null, t: null };
}

function fitTable(rows: readonly FitRow[], text: ImpactText): Table {
  const few = `an exponent is fitted from ${MIN_ORDERS_FOR_EXPONENT} orders of a group on; below that look at the bins`;
  const notices: Notice[] = rows.some(({ group }) => group[1] === 'exponent') ? [] : [{ severity: 'info', text: few }];
  const { executedQuery } = text;
  const columns = shownColumns(FIT_COLUMNS, text);
  return reportTable(rows, ['of', 'model'], columns, { executedQuery, notices: [...text.notices, ...notices] });
}

function responseTable(flows: readonly Flow[], answers: QuoteAnswers, text: ImpactText): Table {
  const rows = flows.flatMap((flow) => {
    const trades = flow.trades.map(({ sign, timeNanos }) => ({
      sign,
      mid: answers.before(flow, timeNanos).mid ?? null,
    }));
    return responseFunction(trades, RESPONSE_LAGS).map((point): ResponseRow => ({
      ...point,
      group: [flow.venue, flow.symbol, String(point.lag)],
      currency: '',
    }));
  });
  const { executedQuery, notices } = text;
  const columns = shownColumns(RESPONSE_COLUMNS, text);
  return reportTable(rows, ['venue', 'symbol', 'lag'], columns, { executedQuery, notices });
}
