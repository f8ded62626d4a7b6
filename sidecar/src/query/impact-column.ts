/** The columns of impact reports, each with its unit and its definition. */
import type { ResponsePoint, SizeBin } from '@tapewatch/core';
import type { Column, GroupedRow } from './trading-table.ts';

export type BinRow = SizeBin & GroupedRow;
export type ResponseRow = ResponsePoint & GroupedRow;

export interface FitRow extends GroupedRow {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly standardError: number | null;
  readonly t: number | null;
  readonly rSquared: number | null;
  readonly observations: number;
}

const BPS = { unit: 'suffix:bps', decimals: 2 } as const;
const COUNT = { unit: 'locale', decimals: 0 } as const;
const PLAIN = { unit: 'short' } as const;

/** `sizeUnit`: sizes are shares of the volume of a day, or money. */
export function sizeColumns(sizeUnit: 'percentunit' | 'money'): readonly Column<BinRow>[] {
  const size = { unit: sizeUnit } as const;
  return [
    {
      name: 'impact',
      value: ({ impact }) => impact.value,
      ...BPS,
      description:
        'Direction * (mid at the last fill - mid at arrival) / mid at arrival, mean of the orders of the bin.',
    },
    { name: 'impact_low', value: ({ impact }) => impact.lower, ...BPS, description: 'Lower end of the 95 % interval.' },
    {
      name: 'impact_high',
      value: ({ impact }) => impact.upper,
      ...BPS,
      description: 'Upper end of the 95 % interval.',
    },
    {
      name: 'mean_size',
      value: ({ meanSize }) => meanSize,
      ...size,
      description: 'Mean size of the orders; a notice names its unit.',
    },
    { name: 'size_from', value: ({ from }) => from, ...size, description: 'Smallest order of the bin.' },
    { name: 'size_to', value: ({ to }) => to, ...size, description: 'Largest order of the bin.' },
    { name: 'orders', value: ({ orders }) => orders, ...COUNT, description: 'Orders of the bin.' },
  ];
}

export const FIT_COLUMNS: readonly Column<FitRow>[] = [
  {
    name: 'value',
    value: ({ value }) => value,
    ...PLAIN,
    description:
      'kyle: change of the mid for one unit of signed volume; kyle_root: for its root; square_root: a of impact = a * size^(1/2), bps; exponent: d of impact = a * size^d.',
  },
  { name: 'low', value: ({ lower }) => lower, ...PLAIN, description: 'Lower end of the 95 % interval.' },
  { name: 'high', value: ({ upper }) => upper, ...PLAIN, description: 'Upper end of the 95 % interval.' },
  { name: 'standard_error', value: (row) => row.standardError, ...PLAIN, description: 'Of the value.' },
  { name: 't', value: ({ t }) => t, ...PLAIN, decimals: 2, description: 'Value over standard error.' },
  {
    name: 'r_squared',
    value: (row) => row.rSquared,
    ...PLAIN,
    decimals: 3,
    description: 'Share of the variance explained.',
  },
  { name: 'observations', value: (row) => row.observations, ...COUNT, description: 'Intervals or orders.' },
];

export const RESPONSE_COLUMNS: readonly Column<ResponseRow>[] = [
  {
    name: 'response',
    value: ({ response }) => response,
    ...PLAIN,
    description: 'Mean of sign * (mid so many trades later - mid just before the trade), in units of price.',
  },
  { name: 'pairs', value: ({ pairs }) => pairs, ...COUNT, description: 'Pairs of trades.' },
];
