/** "Development": what was tested and what runs where, on one screen. */
import { dashboard } from './dashboard.ts';
import { delivery } from './section/development.ts';
import { noFilter } from './variable.ts';

export const development = dashboard({
  uid: 'tapewatch-development',
  title: 'Development',
  description: 'Test results, coverage, quality of the code and state of the deployments.',
  tags: ['tapewatch', 'development'],
  from: 'now-6h',
  refresh: '1m',
  variables: noFilter(),
  head: [],
  sections: [delivery],
});
