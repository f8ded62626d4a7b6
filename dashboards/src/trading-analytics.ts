/**
 * "Trading analytics": what it cost, why, and which hop was slow. For the head of execution, the trader and the risk
 * manager; figures with their intervals, and empty where nothing can be said.
 */
import { dashboard } from './dashboard.ts';
import { attribution } from './section/attribution.ts';
import { execution, market, markouts } from './section/execution.ts';
import { lastTrades, performance } from './section/performance.ts';
import { risk } from './section/risk.ts';
import { deskVariables } from './variable.ts';

export const tradingAnalytics = dashboard({
  uid: 'tapewatch-trading-analytics',
  title: 'Trading analytics',
  description:
    'Execution quality, markouts, impact, performance, risk and latency attribution of the orders in the range.',
  tags: ['tapewatch', 'trading'],
  from: 'now-15m',
  // Figures over a whole range change slowly and read all of its orders: the reader asks anew.
  refresh: '',
  variables: deskVariables(),
  head: lastTrades,
  // The dearest questions last: a board that is opened answers from the top.
  sections: [attribution, performance, risk, execution, markouts, market],
});
