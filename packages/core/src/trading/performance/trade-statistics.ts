/**
 * What closed trades tell: how often they win, how much, and for how long they have been losing. A trade of exactly zero
 * is neither won nor lost. Source: the definitions of R. Pardo, "The Evaluation and Optimization of Trading Strategies",
 * 2008, chapter 14.
 */
import { figure, withheld, type Figure } from './figure.ts';

export interface TradeStatistics {
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** Wins over wins and losses, a fraction. */
  readonly winRate: Figure;
  /** Sum of gains over sum of losses. */
  readonly profitFactor: Figure;
  /** Average win over average loss. */
  readonly payoff: Figure;
  /** Probability of a win times the average one, less the same of losses: money per trade. */
  readonly expectancy: Figure;
  readonly averageWin: Figure;
  /** Positive. */
  readonly averageLoss: Figure;
  /** At the end; a trade of zero neither adds nor ends them. */
  readonly consecutiveLosses: number;
  readonly longestLosses: number;
}

/** `profits`: money of each closed trade after fees, in order of closing. O(n). */
export function tradeStatistics(profits: ArrayLike<number>): TradeStatistics {
  let [wins, losses, gained, lost, run, longestLosses] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < profits.length; i++) {
    const profit = profits[i] as number;
    if (profit > 0) {
      wins++;
      gained += profit;
      run = 0;
    } else if (profit < 0) {
      losses++;
      lost -= profit;
      longestLosses = Math.max(longestLosses, ++run);
    }
  }
  const trades = profits.length;
  const averageWin = wins === 0 ? withheld('no_gain') : figure(gained / wins);
  const averageLoss = losses === 0 ? withheld('no_loss') : figure(lost / losses);
  return {
    trades,
    wins,
    losses,
    winRate: wins + losses === 0 ? withheld('no_trade') : figure(wins / (wins + losses)),
    profitFactor: losses === 0 ? withheld(trades === 0 ? 'no_trade' : 'no_loss') : figure(gained / lost),
    payoff: payoffOf(averageWin, averageLoss),
    expectancy: trades === 0 ? withheld('no_trade') : figure((gained - lost) / trades),
    averageWin,
    averageLoss,
    consecutiveLosses: run,
    longestLosses,
  };
}

function payoffOf(win: Figure, loss: Figure): Figure {
  if (loss.value === null) return loss;
  return win.value === null ? win : figure(win.value / loss.value);
}
