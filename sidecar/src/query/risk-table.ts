/** Columns and texts of risk, limits and portfolio. */
import { figure, withheld, type Figure, type LimitUse, type ReturnHorizon, type RiskReport } from '@tapewatch/core';
import type { GroupedRow } from './trading-table.ts';
import type { FigureColumn } from './withheld.ts';

export interface RiskRow extends GroupedRow {
  readonly report: RiskReport;
  readonly equity: Figure;
  /** Empty where the equity of now is not known. */
  readonly returns: Readonly<Partial<Record<ReturnHorizon, Figure>>>;
}

type Of = (row: RiskRow) => Figure;

const money = (name: string, description: string, of: Of): FigureColumn<RiskRow> => {
  return { name, unit: 'money', description, figure: of };
};
const share = (name: string, description: string, of: Of): FigureColumn<RiskRow> => {
  return { name, unit: 'percentunit', description, figure: of };
};
const returned = (horizon: ReturnHorizon): FigureColumn<RiskRow> =>
  share(
    `return ${horizon}`,
    `Return of the equity over the last ${horizon}.`,
    ({ returns }) => returns[horizon] ?? withheld('no_mark'),
  );
const plain = (name: string, description: string, of: Of): FigureColumn<RiskRow> => {
  return { name, unit: 'short', description, figure: of, decimals: 2 };
};

export const RISK_COLUMNS: readonly FigureColumn<RiskRow>[] = [
  money('var 95', 'Loss within one bar that is not passed in 95 of 100.', ({ report }) => report.risk95.valueAtRisk),
  money('es 95', 'Mean of the losses beyond it.', ({ report }) => report.risk95.expectedShortfall),
  money('var 99', 'Loss within one bar that is not passed in 99 of 100.', ({ report }) => report.risk99.valueAtRisk),
  money('es 99', 'Mean of the losses beyond it.', ({ report }) => report.risk99.expectedShortfall),
  money('gross', 'Sum of the magnitudes of open values.', ({ report }) => report.exposure.gross),
  money('net', 'Long less short.', ({ report }) => report.exposure.net),
  money('long', 'Value of what is held.', ({ report }) => report.exposure.long),
  money('short', 'Value of what is owed.', ({ report }) => report.exposure.short),
  money('equity', 'Initial equity, net profit of the range, deposits less withdrawals.', ({ equity }) => equity),
  plain('leverage', 'Gross over equity.', ({ report }) => report.exposure.leverage),
  plain(
    'concentration',
    'Sum of squared shares of gross by instrument.',
    ({ report }) => report.exposure.concentration,
  ),
  plain('effective names', 'One over the concentration.', ({ report }) => report.exposure.effectiveNames),
  share('top share', 'Share of the largest instruments in gross.', ({ report }) => report.exposure.topShare),
  share('drawdown', 'Below the peak of equity.', ({ report }) => report.drawdown),
  returned('1h'),
  returned('24h'),
  returned('7d'),
  {
    ...{ name: 'positions', unit: 'locale', decimals: 0, description: 'Open positions.' },
    figure: ({ report }) => figure(report.exposure.positions),
  },
];

export interface LimitRow extends GroupedRow {
  readonly use: LimitUse;
}

export const LIMIT_COLUMNS: readonly FigureColumn<LimitRow>[] = [
  {
    ...{
      name: 'utilisation',
      unit: 'percentunit',
      description: 'Magnitude over limit; above 100 % the limit is passed.',
    },
    figure: ({ use }) => use.utilisation,
  },
  { name: 'value', unit: 'short', description: 'The figure, in its own unit.', figure: ({ use }) => use.value },
  { name: 'limit', unit: 'short', description: 'Largest magnitude allowed.', figure: ({ use }) => figure(use.limit) },
];

export interface PartRow extends GroupedRow {
  readonly value: Figure;
  readonly share: Figure;
}

export const PART_COLUMNS: readonly FigureColumn<PartRow>[] = [
  {
    ...{ name: 'value', unit: 'money', description: 'Of the part; parts of a group sum to its total.' },
    figure: ({ value }) => value,
  },
  {
    ...{ name: 'share', unit: 'percentunit', description: 'Of the total.' },
    figure: ({ share: of }) => of,
  },
];
