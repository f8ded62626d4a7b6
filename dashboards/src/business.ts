/** "Business": the board of whoever answers for the whole: revenue beside profit, users, predictions, compliance. */
import { dashboard } from './dashboard.ts';
import { compliance, headline, usage } from './section/business.ts';
import { noFilter } from './variable.ts';

export const business = dashboard({
  uid: 'tapewatch-business',
  title: 'Business',
  description: 'Revenue, profit, users, predictions and trades as the business reports them; compliance and security.',
  tags: ['tapewatch', 'business'],
  from: 'now-1h',
  refresh: '30s',
  variables: noFilter(),
  head: headline,
  sections: [usage, compliance],
});
