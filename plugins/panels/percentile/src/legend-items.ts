/** Legend entries of the percentiles, with the calculations that the user chose. */
import { fieldReducers, FieldType, reduceField, type DisplayValue, type Field } from '@grafana/data';
import type { VizLegendItem } from '@grafana/ui';
import type { Facet } from './panel-model.ts';
import { percentileName } from './percentile.ts';

export interface LegendRequest {
  /** Calculations are shown for a single facet only: one number cannot stand for several. */
  readonly facets: readonly Facet[];
  readonly quantiles: readonly number[];
  readonly colors: readonly string[];
  readonly hidden: readonly string[];
  readonly calcs: readonly string[];
  readonly display: (value: number) => DisplayValue;
}

export function legendItems({ facets, quantiles, colors, hidden, calcs, display }: LegendRequest): VizLegendItem[] {
  return quantiles.map((quantile, line) => {
    const name = percentileName(quantile);
    const values = facets.length === 1 ? facets[0]?.table.lines[line]?.values : undefined;
    return {
      label: name,
      fieldName: name,
      yAxis: 1,
      color: colors[line] as string,
      disabled: hidden.includes(name),
      getDisplayValues: () => (values === undefined ? [] : calculate(name, values, { calcs, display })),
    };
  });
}

function calculate(
  name: string,
  values: Float64Array,
  { calcs, display }: Pick<LegendRequest, 'calcs' | 'display'>,
): DisplayValue[] {
  const field: Field = { name, type: FieldType.number, config: {}, values: [...values] };
  const reduced = reduceField({ field, reducers: [...calcs] });
  return calcs.map((calc) => {
    const reducer = fieldReducers.getIfExists(calc);
    const number = Number(reduced[calc]);
    const shown =
      reducer?.preservesUnits === false ? { numeric: number, text: number.toLocaleString() } : display(number);
    return { ...shown, title: reducer?.name ?? calc };
  });
}
