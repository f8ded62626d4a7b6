/**
 * All risk figures in one call: value at risk and expected shortfall at 95 % and 99 %, exposure and leverage, drawdown, and
 * the use of limits.
 */
import { drawdownOf } from '../performance/drawdown.ts';
import { figure, type Figure } from '../performance/figure.ts';
import { withoutFlows } from '../performance/performance.ts';
import type { EquityFlow, EquityPoint } from '../performance/returns.ts';
import { exposureOf, type Exposure, type OpenPosition } from './exposure.ts';
import { limitUse, type LimitUse, type RiskLimits } from './limit.ts';
import { tailRisk, type TailRisk, type VarMethod } from './value-at-risk.ts';

export interface RiskInput {
  readonly positions: readonly OpenPosition[];
  /** One per period, in order of time, in the currency of the report: what the positions of now would have made. */
  readonly profits: readonly number[];
  /** Capital plus profit; the last point is the equity of now. */
  readonly equity: readonly EquityPoint[];
  /** Money that came and went meanwhile: no profit, and no drawdown. */
  readonly flows?: readonly EquityFlow[];
  readonly method: VarMethod;
  readonly limits?: RiskLimits;
  /** Instruments in the share of the largest ones. */
  readonly top?: number;
}

export interface RiskReport {
  readonly observations: number;
  readonly risk95: TailRisk;
  readonly risk99: TailRisk;
  readonly exposure: Exposure;
  readonly drawdown: Figure;
  readonly limits: readonly LimitUse[];
}

export function riskReport(input: RiskInput): RiskReport {
  const { positions, profits, equity, flows = [], method, limits = {}, top = 1 } = input;
  const risk95 = tailRisk(profits, method, { confidence: 0.95 });
  const risk99 = tailRisk(profits, method, { confidence: 0.99 });
  const exposure = exposureOf(positions, { equity: equity.at(-1)?.equity ?? null, top });
  const drawdown = drawdownOf(withoutFlows(equity, flows)).current;
  const { gross, net, leverage } = exposure;
  const values = {
    ...{ gross, net, leverage, drawdown },
    positions: figure(exposure.positions),
    valueAtRisk95: risk95.valueAtRisk,
    valueAtRisk99: risk99.valueAtRisk,
  };
  return { observations: profits.length, risk95, risk99, exposure, drawdown, limits: limitUse(values, limits) };
}
