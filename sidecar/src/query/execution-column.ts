/** The columns of an execution report, each with its unit and its definition; docs/trading.md has the formulas. */
import type { ExecutionQuery } from '@tapewatch/contract';
import {
  NO_BENCHMARK_REASONS,
  quantile,
  type Estimate,
  type ExecutionRow,
  type OrderLatency,
  type Shortfall,
} from '@tapewatch/core';
import type { Column } from './trading-table.ts';

const BPS = { unit: 'suffix:bps', decimals: 2 } as const;
const SHARE = { unit: 'percentunit', decimals: 2 } as const;
const COUNT = { unit: 'locale', decimals: 0 } as const;
const MONEY = { unit: 'money' } as const;
const SECONDS = { unit: 's' } as const;

type ExecutionColumn = Column<ExecutionRow>;

export function executionColumns(query: ExecutionQuery): ExecutionColumn[] {
  const { benchmark, realisedAfterMs, fillWithinMs } = query;
  return [
    ...estimate('slippage', slippageText(query), BPS, (row) => row.slippageBps),
    { name: 'cost', value: (row) => row.cost, ...MONEY, description: 'Slippage in money; positive is a cost.' },
    { name: 'notional', value: (row) => row.notional, ...MONEY, description: 'Benchmark price times filled quantity.' },
    { name: 'fills', value: (row) => row.fills, ...COUNT, description: 'Fills with a benchmark.' },
    ...shortfallColumns(query),
    {
      name: 'effective_spread',
      value: (row) => row.effectiveSpreadBps,
      ...BPS,
      description: 'Twice what fills paid beyond the mid strictly before them, weighted by money.',
    },
    ...estimate(
      'realised_spread',
      `Twice what fills paid beyond the mid ${realisedAfterMs} ms later.`,
      BPS,
      (row) => row.realisedSpreadBps,
    ),
    {
      name: 'impact',
      value: (row) => row.impactBps,
      ...BPS,
      description: 'Twice how far the mid went the way of the fill until then; effective = realised + impact.',
    },
    {
      name: 'fees',
      value: (row) => row.feeBps,
      ...BPS,
      description: 'Fees over money traded; empty when one was paid in another currency.',
    },
    ...rateColumns(fillWithinMs),
    ...(['ack', 'first_fill', 'full_fill', 'cancel_ack'] as const).flatMap(latencyColumns),
    ...estimate(
      'versus_others',
      'All-in cost (half the effective spread, fee, adverse move of the mid) minus that of all other groups with the same instrument, side, size and quarter of an hour.',
      BPS,
      ({ comparison }) => comparison.difference,
    ),
    {
      name: 'matched_buckets',
      value: ({ comparison }) => comparison.buckets,
      ...COUNT,
      description: 'Buckets that the comparison rests on.',
    },
    ...(benchmark === 'vwap' ? [PARTICIPATION] : []),
    {
      name: 'excluded',
      value: ({ excluded }) => NO_BENCHMARK_REASONS.reduce((sum, reason) => sum + excluded[reason], 0),
      ...COUNT,
      description: 'Fills without a benchmark, for all reasons.',
    },
    ...NO_BENCHMARK_REASONS.map((reason): ExecutionColumn => ({
      name: `excluded_${reason}`,
      value: ({ excluded }) => excluded[reason],
      ...COUNT,
      description: `Fills without a benchmark: ${EXCLUSION_TEXTS[reason]}.`,
    })),
  ];
}

const PARTICIPATION: ExecutionColumn = {
  name: 'participation',
  value: (row) => row.participation,
  ...SHARE,
  description: 'Own volume over the market’s from arrival to the last fill; mean of the orders.',
};

export const EXCLUSION_TEXTS: Readonly<Record<(typeof NO_BENCHMARK_REASONS)[number], string>> = {
  no_order: 'order unknown',
  no_quote: 'no quote before the stamp',
  one_sided: 'one-sided book',
  crossed: 'crossed book',
  stale: 'quote too old',
  gapped: 'quotes lost before the stamp',
  no_decision: 'decision not published',
  no_prints: 'nobody else traded in the interval',
};

const BENCHMARK_TEXTS: Readonly<Record<ExecutionQuery['benchmark'], string>> = {
  arrival: 'the mid at the arrival of the order',
  decision: 'the mid at the decision',
  mid: 'the mid strictly before the fill',
  vwap: 'the market’s VWAP from arrival to the last fill (own prints excluded above 5 % of the volume)',
  twap: 'the time-weighted mid from arrival to the last fill',
};

function slippageText({ benchmark }: ExecutionQuery): string {
  return `Direction * (fill price - benchmark) / benchmark, weighted by money, in basis points; a cost is positive. Benchmark: ${BENCHMARK_TEXTS[benchmark]}.`;
}

function shortfallColumns({ shortfall: variant }: ExecutionQuery): ExecutionColumn[] {
  const part = (name: string, key: Exclude<keyof Shortfall, 'notional'>, description: string): ExecutionColumn => ({
    name,
    value: ({ shortfall }) => shortfall.bps(key),
    ...BPS,
    description,
  });
  const [of, from] = variant === 'perold' ? ['what was filled', 'the decision'] : ['the whole order', 'arrival'];
  return [
    part(
      'shortfall',
      'total',
      `Implementation shortfall (${variant}): delay + execution + opportunity + fees, over the money ordered.`,
    ),
    {
      name: 'shortfall_cost',
      value: ({ shortfall }) => shortfall.money('total'),
      ...MONEY,
      description: 'The same in money.',
    },
    part('delay', 'delay', `From decision to arrival, on ${of}; empty where a decision is not known.`),
    part('execution', 'execution', 'Fills against the mid at arrival.'),
    part('opportunity', 'opportunity', `What was not filled, from ${from} to the end of the order (or of the range).`),
    part('shortfall_fees', 'fees', 'Fees of the orders.'),
    {
      name: 'no_shortfall',
      value: (row) => row.withoutShortfall,
      ...COUNT,
      description: 'Orders without a mid at arrival.',
    },
  ];
}

function rateColumns(fillWithinMs: number): ExecutionColumn[] {
  return [
    { name: 'orders', value: ({ rates }) => rates.orders, ...COUNT, description: 'Orders that arrived in the range.' },
    {
      name: 'open',
      value: ({ rates }) => rates.open,
      ...COUNT,
      description: 'Of these, not yet done, cancelled or refused.',
    },
    {
      name: 'fill_ratio',
      value: ({ rates }) => rates.quantityFillRatio,
      ...SHARE,
      description: 'Filled over ordered quantity.',
    },
    ...estimate('fill_rate', 'Orders with a fill over orders.', SHARE, ({ rates }) => rates.fillRate),
    ...estimate('complete_rate', 'Orders done whole over orders.', SHARE, ({ rates }) => rates.completeRate),
    ...estimate('reject_rate', 'Rejects over acks and rejects.', SHARE, ({ rates }) => rates.rejectRate),
    ...estimate('cancel_rate', 'Acknowledged cancels over acks.', SHARE, ({ rates }) => rates.cancelRate),
    ...estimate(
      'fill_probability',
      `Probability of a fill within ${fillWithinMs} ms of the ack (Kaplan-Meier: cancelled and open orders were not filled until then).`,
      SHARE,
      ({ fillProbability }) => fillProbability.within(fillWithinMs / 1e3),
    ),
  ];
}

const LATENCY_TEXTS: Readonly<Record<OrderLatency, string>> = {
  ack: 'sent to acknowledged',
  first_fill: 'acknowledged to the first fill',
  full_fill: 'acknowledged to done whole',
  cancel_ack: 'cancel sent to acknowledged',
};

function latencyColumns(latency: OrderLatency): ExecutionColumn[] {
  return [0.5, 0.99].map((q) => ({
    name: `${latency}_p${q * 100}`,
    value: (row) => latencyOf(row, latency, q),
    ...SECONDS,
    description: `p${q * 100} of ${LATENCY_TEXTS[latency]}.`,
  }));
}

function latencyOf({ latencies }: ExecutionRow, latency: OrderLatency, q: number): number | null {
  const histogram = latencies.histograms[latency];
  return histogram.count === 0 ? null : quantile(q, histogram);
}

function estimate(
  name: string,
  description: string,
  unit: { readonly unit: string; readonly decimals: number },
  of: (row: ExecutionRow) => Estimate | null,
): ExecutionColumn[] {
  const end = 'of the 95 % interval';
  return [
    { name, value: (row) => of(row)?.value ?? null, ...unit, description },
    { name: `${name}_low`, value: (row) => of(row)?.lower ?? null, ...unit, description: `Lower end ${end}.` },
    { name: `${name}_high`, value: (row) => of(row)?.upper ?? null, ...unit, description: `Upper end ${end}.` },
  ];
}
