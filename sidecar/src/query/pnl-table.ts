/** Columns and texts of profit and loss. */
import type { PnlFigure, PnlRow, Table, TradingDay } from '@tapewatch/core';
import type { Column, GroupedRow } from './trading-table.ts';

export const FIGURE_TEXT: Readonly<Record<PnlFigure, string>> = {
  total:
    'Realised plus unrealised profit of the fills in the range, from flat, before fees; open quantity at the last mid. Empty where an open position has no mid.',
  net: 'Total - fees + income + effect of exchange rates; empty when a part of it is unknown or in another currency.',
  realised: 'Closed quantity against its cost.',
  unrealised: 'Open quantity at the last mid.',
  fees: 'Paid minus rebates, in the same currency.',
  income: 'Funding, dividends and interest, in the same currency.',
  effect: 'What exchange rates did to booked profit, fees and income since they were booked.',
  equity:
    'Initial equity + net profit + deposits - withdrawals of the range. Empty where an open position has no mid or a rate is missing.',
};

const money = (name: Exclude<PnlFigure, 'equity'>): Column<PnlRow> => ({
  name,
  value: (row) => row[name],
  unit: 'money',
  description: FIGURE_TEXT[name],
});

export const PNL_COLUMNS: readonly Column<PnlRow>[] = [
  money('total'),
  money('realised'),
  money('unrealised'),
  money('fees'),
  money('net'),
  {
    name: 'open',
    value: (row) => row.openQuantity,
    unit: 'short',
    description: 'Open quantity; only within one symbol.',
  },
];

/** What the running day or week added to a row. */
export type Gain = (row: PnlRow) => number | null;

/** Columns of a board's table. */
export function pnlColumns(day: Gain, week: Gain, hasBase: boolean): readonly Column<PnlRow>[] {
  const period = (name: string, value: Gain): Column<PnlRow> => ({
    name,
    value,
    unit: 'money',
    description: `What the running trading ${name} added to the total, as far as the range reaches back.`,
  });
  const own = [...PNL_COLUMNS, period('day', day), period('week', week), money('income')];
  return hasBase ? [...own, money('effect'), RATE_AGE] : own;
}

const RATE_AGE: Column<PnlRow> = {
  name: 'rate age',
  value: (row) => row.rateAgeMs,
  unit: 'ms',
  description: 'Age of the oldest exchange rate in use; empty when none was needed.',
};

export interface PeriodRow extends GroupedRow {
  readonly period: TradingDay;
  readonly gain: number | null;
}

export function gainColumn(figure: PnlFigure): Column<PeriodRow> {
  return {
    name: figure,
    value: ({ gain }) => gain,
    unit: 'money',
    description: `What the period added. ${FIGURE_TEXT[figure]}`,
  };
}

/** The date of each row's trading day, or of its week's Monday, before the other columns. */
export function withPeriodField(table: Table, rows: readonly PeriodRow[]): Table {
  const values = rows.map(({ period }) => period.date);
  return { ...table, fields: [{ name: 'period', type: 'string', values }, ...table.fields] };
}
