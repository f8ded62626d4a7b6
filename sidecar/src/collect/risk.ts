/**
 * Risk of the desk's open positions (REQUIREMENTS.md MET-64): exposure and leverage at the mids of now, and value at risk
 * from what the positions of now would have made between the runs that are remembered.
 */
import { exposureOf, midOf, profitBetween, tailRisk, type OpenPosition, type PositionKey } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import type { Gauge } from './trading.ts';

/** Runs whose mids are kept: what value at risk at 99 % needs, and a few more. */
const MAX_RUNS = 1_500;
/** Instruments that are looked at in one run; past it risk is not told, rather than told of some. */
const MAX_INSTRUMENTS = 2_000;
/** Instruments whose mids are kept, 12 kB each; past it the one that was closed longest ago is forgotten. */
const MAX_REMEMBERED = 4_000;

type Instrument = Pick<PositionKey, 'venue' | 'symbol'>;

interface Look {
  readonly open: readonly { readonly key: PositionKey }[];
  readonly nowNanos: bigint;
}

export interface Marks {
  /** Null where there is no mid. */
  readonly markOf: (instrument: Instrument) => number | null;
  /** Of the positions, between neighbouring runs in which all of them had a mid. */
  readonly profitsOf: (positions: readonly OpenPosition[]) => number[];
}

/** The mids of one instrument: that of a run at its number, modulo the runs that are kept. */
interface Mids {
  readonly ring: Float64Array;
  /** The last one that was looked at; those after it have none. */
  lastRun: number;
}

export interface RiskHistoryOptions {
  /** Default: 4,000. */
  readonly maxRemembered?: number;
}

/**
 * Mids of open instruments, run by run, since the start of the process: value at risk is told again once the new one has seen as
 * many runs as it needs. An instrument that no run kept has looked at is forgotten.
 */
export class RiskHistory {
  readonly #maxRemembered: number;
  /** The one that was looked at longest ago first. */
  readonly #mids = new Map<string, Mids>();
  /** Number of the last one. */
  #run = -1;

  constructor({ maxRemembered = MAX_REMEMBERED }: RiskHistoryOptions = {}) {
    this.#maxRemembered = maxRemembered;
  }

  get remembered(): number {
    return this.#mids.size;
  }

  async look(reader: Pick<StoreReader, 'quotesBefore'>, { open, nowNanos }: Look): Promise<Marks> {
    const instruments = [...new Map(open.map(({ key }) => [nameOf(key), key])).values()];
    const asked = instruments.length > MAX_INSTRUMENTS ? [] : instruments;
    const quotes =
      asked.length === 0
        ? []
        : await reader.quotesBefore(asked.map(({ venue, symbol }) => ({ venue, symbol, timeNanos: nowNanos })));
    this.#run++;
    const run = new Map<string, number>();
    asked.forEach((instrument, i) => {
      const { mid } = midOf(quotes[i] ?? null);
      if (mid === undefined) return;
      const name = nameOf(instrument);
      run.set(name, mid);
      this.#keep(name, mid);
    });
    for (const [name, { lastRun }] of this.#mids) {
      if (lastRun > this.#run - MAX_RUNS && this.#mids.size <= this.#maxRemembered) break;
      this.#mids.delete(name);
    }
    return {
      markOf: (instrument) => run.get(nameOf(instrument)) ?? null,
      profitsOf: (positions) => this.#profitsOf(positions),
    };
  }

  #keep(name: string, mid: number): void {
    let mids = this.#mids.get(name);
    if (mids === undefined) mids = { ring: new Float64Array(MAX_RUNS).fill(NaN), lastRun: this.#run };
    else this.#mids.delete(name);
    this.#mids.set(name, mids);
    const { ring } = mids;
    for (let run = mids.lastRun + 1; run < this.#run; run++) ring[run % MAX_RUNS] = NaN;
    ring[this.#run % MAX_RUNS] = mid;
    mids.lastRun = this.#run;
  }

  /** Position by position, because each then reads one ring from end to end. O(positions * runs). */
  #profitsOf(positions: readonly OpenPosition[]): number[] {
    const first = Math.max(0, this.#run - MAX_RUNS + 1);
    if (positions.length === 0 || this.#run <= first) return [];
    const sums = new Float64Array(this.#run - first);
    for (const position of positions) {
      const mids = this.#mids.get(nameOf(position));
      // One without a mid leaves no run in which all of them had one.
      if (mids === undefined) return [];
      const midOfRun = (run: number): number => (run > mids.lastRun ? NaN : (mids.ring[run % MAX_RUNS] as number));
      let from = midOfRun(first);
      for (let run = first + 1; run <= this.#run; run++) {
        const to = midOfRun(run);
        sums[run - first - 1] = (sums[run - first - 1] as number) + profitBetween(position, from, to);
        from = to;
      }
    }
    return Array.from(sums).filter((profit) => !Number.isNaN(profit));
  }
}

function nameOf({ venue, symbol }: Instrument): string {
  return `${venue}\u0000${symbol}`;
}

interface RiskInput {
  /** With what is open at the last mids, so that a position that loses raises the leverage; null when a mid is missing. */
  readonly equity: number | null;
  readonly profits: readonly number[];
}

/** What is withheld is left out. */
export function riskFigures(positions: readonly OpenPosition[], { equity, profits }: RiskInput): Gauge[] {
  const { gross, net, leverage, concentration } = exposureOf(positions, { equity });
  const at95 = tailRisk(profits, 'historical', { confidence: 0.95 });
  const at99 = tailRisk(profits, 'historical', { confidence: 0.99 });
  const rows: readonly (readonly [name: string, unit: string, help: string, value: number | null])[] = [
    ['trading_exposure_gross', 'currency', 'Sum of the magnitudes of open values at the last mids.', gross.value],
    ['trading_exposure_net', 'currency', 'Long less short at the last mids.', net.value],
    ['trading_leverage_ratio', '1', 'Gross exposure over equity, what is open included.', leverage.value],
    ['trading_concentration_ratio', 'ratio', 'Sum of squared shares of gross by instrument.', concentration.value],
    ['trading_var_95', 'currency', 'Loss between two runs that is not passed in 95 of 100.', at95.valueAtRisk.value],
    ['trading_var_99', 'currency', 'Loss between two runs that is not passed in 99 of 100.', at99.valueAtRisk.value],
    ['trading_shortfall_95', 'currency', 'Mean of the losses beyond it.', at95.expectedShortfall.value],
    ['trading_shortfall_99', 'currency', 'Mean of the losses beyond it.', at99.expectedShortfall.value],
  ];
  return rows.flatMap(([name, unit, help, value]) => (value === null ? [] : [{ name, unit, help, value }]));
}
