/**
 * "Services and infrastructure": the board of whoever runs the platform under the desk. Rate, errors and duration of each
 * service first, then what they stand on: cluster, databases, brokers, exchanges.
 */
import { dashboard } from './dashboard.ts';
import { brokers, databases } from './section/data-store.ts';
import { integrations, riskService } from './section/integration.ts';
import { cluster, nodes } from './section/kubernetes.ts';
import { indicators, red } from './section/service.ts';
import { platformVariables } from './variable.ts';

export const services = dashboard({
  uid: 'tapewatch-services',
  title: 'Services and infrastructure',
  description: 'Requests, errors and durations of every service; nodes, pods, databases, brokers, exchanges, wallets.',
  tags: ['tapewatch', 'infrastructure'],
  from: 'now-1h',
  refresh: '30s',
  variables: platformVariables(),
  head: [],
  sections: [red, indicators, integrations, riskService, nodes, cluster, databases, brokers],
});
