/**
 * "Trading operations": the board of the engineer on call. Read from top to bottom it answers: is anything wrong, is it
 * the market or is it us, which hop or venue, what did it cost, and does the machine keep up.
 */
import { dashboard } from './dashboard.ts';
import { agents } from './section/agent.ts';
import { alerts } from './section/alert.ts';
import { feed } from './section/feed.ts';
import { flow } from './section/flow.ts';
import { latency } from './section/latency.ts';
import { machine } from './section/machine.ts';
import { cost, profit } from './section/money.ts';
import { overview } from './section/overview.ts';
import { deskVariables } from './variable.ts';

export const tradingOperations = dashboard({
  uid: 'tapewatch-trading-operations',
  title: 'Trading operations',
  description:
    'Order latency, flow, cost, profit and loss, alerts, feeds and the machine, live from the trading system.',
  tags: ['tapewatch', 'trading'],
  from: 'now-15m',
  // Grafana cancels what has not been answered at the next refresh. The panels in view take half a second (p95); on a machine
  // that is overloaded tenfold they would never be drawn anew with 5 s.
  refresh: '10s',
  variables: deskVariables(),
  head: overview,
  sections: [latency, flow, cost, profit, alerts, feed, agents, machine],
});
