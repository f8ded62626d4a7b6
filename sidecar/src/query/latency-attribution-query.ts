/** Answers which hop makes orders slow: a row per hop, the verdict as a sentence, and what the hop costs. */
import type { LatencyAttributionQuery } from '@tapewatch/contract';
import {
  attributeLatency,
  rfc3339,
  type Attribution,
  type HopRow,
  type HopTrace,
  type Notice,
  type Table,
  type TableField,
  type Verdict,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { readLatencyCost, type LatencyCost } from './latency-cost.ts';
import { readWays, type Ways } from './latency-read.ts';
import { MAX_LATENCY_ROWS } from './limit.ts';
import { emptyTable } from './promql-table.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';
import { currencyUnit } from './unit.ts';

/** What was found in a range, before it is written as a table. */
export interface AttributedRange {
  readonly attribution: Attribution;
  readonly ways: Ways;
  readonly cost: LatencyCost;
}

export async function attributionOf(
  query: LatencyAttributionQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<AttributedRange> {
  const asked = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope) };
  const ways = await readWays(reader, asked, query, signal);
  const { startNanos, endNanos } = ways.range;
  const before = { startNanos: startNanos - (endNanos - startNanos), endNanos: startNanos };
  const earlier = query.reference === 'none' ? null : await readWays(reader, before, query, signal);
  const band = query.halfWidth > 0 ? { halfWidth: query.halfWidth } : {};
  const options = { quantile: query.quantile, ...band };
  const attribution = bestAttribution(ways.traces, earlier?.traces ?? [], options);
  return { attribution, ways, cost: await readLatencyCost(reader, ways, query.maxQuoteAgeMs, signal) };
}

export async function runLatencyAttribution(
  query: LatencyAttributionQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const { attribution, ways, cost } = await attributionOf(query, envelope, reader, signal);
  const executedQuery = `latency of ${ways.source} above p${query.quantile * 100}, ${query.reference === 'none' ? 'against the median' : 'against the time before'}`;
  const left = [...sampleNotice(ways), ...cutNotice(ways.range, envelope)];
  if (envelope.fromAlert) return [alertTable(attribution, cost, { ...query, executedQuery, notices: left })];
  const notices = [...noticesOf(attribution, ways, cost), ...left];
  if (attribution.rows.length === 0) return [emptyTable('numeric-long', executedQuery, notices)];
  const fields = fieldsOf(attribution, cost);
  return [{ ...emptyTable('numeric-long', executedQuery, notices), fields, visualisation: 'table' }];
}

function cutNotice({ startNanos }: Ways['range'], envelope: QueryEnvelope): Notice[] {
  if (startNanos <= startNanosOf(envelope)) return [];
  const text = `the range has more than ${MAX_LATENCY_ROWS} rows of a kind: only what came since ${rfc3339(startNanos)} is judged; shorten the range or add filters`;
  return [{ severity: 'warning', text }];
}

/** An earlier period with too few traces is no reference: then the tail stands against the median alone. */
function bestAttribution(
  traces: readonly HopTrace[],
  reference: readonly HopTrace[],
  options: { readonly quantile: number },
): Attribution {
  const compared = attributeLatency(traces, reference, options);
  return compared.rows.length === 0 && reference.length > 0 ? attributeLatency(traces, [], options) : compared;
}

/** Says what share of the orders was read: the tail is whole, or nearly so, and of the others there are enough. */
function sampleNotice({ sample }: Ways): Notice[] {
  if (sample === null) return [];
  const { ids, traces, slow } = sample;
  const text = `of ${traces} traces ${ids.length} were read: ${slow} of the slowest, and ${ids.length - slow} of the others that stand for all of them`;
  return [{ severity: 'info', text }];
}

/** A rule reads one number per label set: the asked figure of each hop that is named; no row while none is. */
function alertTable(
  { verdict, rows }: Attribution,
  cost: LatencyCost,
  {
    figure,
    executedQuery,
    notices,
  }: Pick<LatencyAttributionQuery, 'figure'> & Pick<Table, 'executedQuery' | 'notices'>,
): Table {
  const named = verdict.kind === 'slow_hop' ? rows.filter(({ hop }) => verdict.hops.includes(hop)) : [];
  if (named.length === 0) return emptyTable('numeric-long', executedQuery, notices);
  const values: Readonly<Record<typeof figure, (row: HopRow) => number | null>> = {
    effect: (row) => ms(effectOf(row)),
    share: ({ share }) => share,
    orders: ({ touched }) => touched,
    cost_bps: (row) => priceOf(row, cost.bpsPerMs),
    cost: (row) => priceOf(row, cost.moneyPerMs),
  };
  const fields: TableField[] = [
    { name: 'hop', type: 'string', values: named.map(({ hop }) => hop) },
    { name: figure, type: 'number', values: named.map(values[figure]) },
  ];
  return { ...emptyTable('numeric-long', executedQuery, notices), fields };
}

/** What the hop added to the average order, at so much a millisecond. */
export function priceOf({ addedNanos }: HopRow, perMs: number | null): number | null {
  return perMs === null ? null : ms(addedNanos) * perMs;
}

interface HopColumn {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly value: (row: HopRow) => number | null;
}

const COLUMNS: readonly HopColumn[] = [
  {
    name: 'median',
    unit: 'ms',
    description: 'Mean time on this hop of orders in the middle fifth by total latency.',
    value: (row) => ms(row.medianNanos),
  },
  {
    name: 'tail',
    unit: 'ms',
    description: 'Mean time on this hop of orders in the tail band; the column sums to the band’s mean.',
    value: (row) => ms(row.tailNanos),
  },
  {
    name: 'excess',
    unit: 'ms',
    description: 'Tail minus median; the column sums to the whole excess.',
    value: (row) => ms(row.excessNanos),
  },
  {
    name: 'change',
    unit: 'ms',
    description: 'Tail now minus tail in as much time before the range; empty without orders then.',
    value: (row) => (row.changeNanos === null ? null : ms(row.changeNanos)),
  },
  {
    name: 'share',
    unit: 'percentunit',
    description: 'Of the whole change (of the excess where there is no earlier time).',
    value: (row) => row.share,
  },
  {
    name: 'error',
    unit: 'ms',
    description: 'Plus or minus: two standard errors, and what clocks may hide.',
    value: (row) => ms(row.errorNanos),
  },
  {
    name: 'clock_error',
    unit: 'ms',
    description: 'The part of the error that clocks may hide.',
    value: (row) => ms(row.clockErrorNanos),
  },
  {
    name: 'orders',
    unit: 'locale',
    description: 'Orders slower on this hop than 999 of 1,000 normal ones.',
    value: (row) => row.touched,
  },
];

function fieldsOf({ rows, verdict }: Attribution, cost: LatencyCost): TableField[] {
  const unit = cost.currency === '' ? {} : { unit: currencyUnit(cost.currency) };
  return [
    { name: 'hop', type: 'string', values: rows.map(({ hop }) => hop) },
    { name: 'verdict', type: 'string', values: rows.map(({ hop }) => verdictOf(hop, verdict)) },
    ...COLUMNS.map(({ name, unit: columnUnit, description, value }): TableField => ({
      ...{ name, type: 'number', unit: columnUnit, description, values: rows.map(value) },
    })),
    {
      ...{
        name: 'cost_bps',
        type: 'number',
        unit: 'suffix:bps',
        values: rows.map((row) => priceOf(row, cost.bpsPerMs)),
      },
      description:
        'What the hop added to the average order, times the cost of a millisecond; empty where that is not known.',
    },
    {
      ...{ name: 'cost', type: 'number', values: rows.map((row) => priceOf(row, cost.moneyPerMs)), ...unit },
      description: 'The same on the notional of the fills in the range.',
    },
  ];
}

function verdictOf(hop: string, verdict: Verdict): string {
  if (verdict.kind === 'slow_hop')
    return verdict.hops.includes(hop) ? (verdict.cause === 'pause' ? 'paused' : 'slow') : '';
  return verdict.kind === 'cannot_tell' && verdict.among.includes(hop) ? 'cannot tell' : '';
}

function noticesOf(attribution: Attribution, ways: Ways, cost: LatencyCost): Notice[] {
  const notices: Notice[] = [{ severity: 'info', text: sentence(attribution, cost) }];
  if (ways.incomplete > 0)
    notices.push({
      severity: 'info',
      text: `${ways.incomplete} traces miss spans and are left out: their way is not known`,
    });
  if (cost.withheld !== null) notices.push({ severity: 'info', text: WITHHELD[cost.withheld] });
  if (cost.staleExcluded > 0)
    notices.push({
      severity: 'info',
      text: `${cost.staleExcluded} fills with a stale quote say nothing of the cost and are left out`,
    });
  for (const { client, server, offsetNanos, errorNanos, moved } of ways.offsets) {
    const text = `clock of ${server} minus ${client}: ${fixed(offsetNanos)} ms, within ${fixed(errorNanos)} ms${moved ? '; it moved in the range' : ''}`;
    notices.push({ severity: 'info', text });
  }
  return notices;
}

const WITHHELD = {
  too_few_fills: 'no cost per millisecond: it needs 200 fills with a fresh quote',
  latency_does_not_vary: 'no cost per millisecond: all orders were equally fast',
} as const;

export function sentence({ verdict, rows, traces }: Attribution, cost: LatencyCost): string {
  switch (verdict.kind) {
    case 'nothing_slow':
      return `no hop is slow: ${traces} orders, the tail changed by ${fixed(verdict.effectNanos)} ms`;
    case 'cannot_tell':
      return `cannot tell: ${CANNOT_TELL[verdict.reason]}${verdict.among.length > 0 ? ` (${verdict.among.join(', ')})` : ''}`;
    case 'slow_hop': {
      const what = verdict.cause === 'pause' ? `${verdict.host} paused` : `${verdict.hops.join(' and ')} slow`;
      const share =
        verdict.share === null
          ? `though the tail changed by ${fixed(verdict.effectNanos)} ms in all`
          : `${Math.round(100 * verdict.share)} % of ${fixed(verdict.effectNanos)} ms more in the tail`;
      const sure = `${(100 * verdict.confidence).toFixed(1)} % sure`;
      return `${what}: ${share}, ${verdict.ordersTouched} of ${traces} orders touched, ${sure}${priceText(verdict.hops, rows, cost)}`;
    }
  }
}

const CANNOT_TELL = {
  too_few_traces: 'the tail needs 50 orders; widen the range or lower the quantile',
  clock_skew: 'clocks of hosts may hide as much as hops differ',
  no_leader: 'no hop leads the others by more than chance',
} as const;

function priceText(
  hops: readonly string[],
  rows: readonly HopRow[],
  { bpsPerMs, moneyPerMs, lower, upper, currency }: LatencyCost,
): string {
  if (bpsPerMs === null || lower === null || upper === null) return '';
  const addedMs = rows.filter(({ hop }) => hops.includes(hop)).reduce((sum, row) => sum + ms(row.addedNanos), 0);
  const money = moneyPerMs === null ? '' : `, ${(addedMs * moneyPerMs).toFixed(2)} ${currency}`;
  return `; costs ${(addedMs * bpsPerMs).toFixed(3)} bps of the average order (${(addedMs * lower).toFixed(3)} to ${(addedMs * upper).toFixed(3)})${money}`;
}

function effectOf({ changeNanos, excessNanos }: HopRow): number {
  return changeNanos ?? excessNanos;
}

function ms(nanos: number): number {
  return nanos / 1e6;
}

function fixed(nanos: number): string {
  return ms(nanos).toFixed(2);
}
