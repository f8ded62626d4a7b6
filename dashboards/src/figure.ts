/** Figures side by side from one answer: the first panel asks, the others show its answer, each one field of it. */
import type { Panel, Target, ThresholdStep } from './model.ts';
import { stat } from './panel.ts';
import { answerOf } from './target.ts';

export interface Figure {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  /** Name of the frame's field. */
  readonly field: string;
  readonly unit: string;
  readonly thresholds?: readonly ThresholdStep[];
  readonly decimals?: number;
}

export function figures(
  question: Target,
  size: { readonly w: number; readonly h: number },
  list: readonly Figure[],
): readonly Panel[] {
  const source = list[0]?.id ?? 0;
  return list.map(({ field, ...rest }) =>
    stat({
      ...rest,
      ...size,
      fields: `/^${field}$/`,
      sparkline: false,
      noValue: '-',
      targets: [rest.id === source ? question : answerOf(source)],
    }),
  );
}
