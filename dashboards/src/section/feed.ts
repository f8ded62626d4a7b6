/** Market data: do the feeds come, how old are they, and are they whole? */
import { BASIS_POINTS, HEALTH_TEXTS, PER_SECOND, valueTexts } from '../field.ts';
import type { Section } from '../model.ts';
import { stateTimeline, timeSeries } from '../panel.ts';
import { promql, quantile, VENUE } from '../target.ts';

const BOOK_TEXTS = valueTexts({
  0: { text: 'Stale or not whole', color: 'red' },
  1: { text: 'Fresh and whole', color: 'green' },
});

export const feed: Section = {
  id: 600,
  title: 'Market data and components',
  panels: [
    timeSeries({
      id: 60,
      title: 'Quotes by venue',
      description: 'Top-of-book updates a second. A venue that falls to zero is out, whatever its connection says.',
      w: 8,
      h: 8,
      unit: PER_SECOND,
      targets: [
        promql('A', `sum by (venue) (rate(quotes_total{${VENUE}}[$__rate_interval]))`, { legendFormat: '{{venue}}' }),
      ],
    }),
    timeSeries({
      id: 61,
      title: 'Feed delay p99 by venue',
      description:
        "Receipt minus the exchange's stamp, 99th percentile. Clocks differ, so the level may be off (even negative); a change is real.",
      w: 8,
      h: 8,
      unit: 's',
      targets: [
        promql('A', quantile(0.99, 'feed_delay_seconds', { by: 'venue', matchers: VENUE }), {
          legendFormat: '{{venue}}',
        }),
      ],
    }),
    timeSeries({
      id: 62,
      title: 'Quoted spread by symbol',
      description:
        'Quoted spread relative to the mid, averaged over the venues. A wide spread makes every fill dearer: look here before blaming the algorithm.',
      w: 8,
      h: 8,
      unit: BASIS_POINTS,
      decimals: 2,
      targets: [
        promql('A', `avg by (symbol) (avg_over_time(quote_spread_bps{${VENUE}}[$__rate_interval]))`, {
          legendFormat: '{{symbol}}',
        }),
      ],
    }),
    timeSeries({
      id: 63,
      title: 'Feed gaps in the last minute',
      description:
        'Sequence numbers that are missing from feeds that number every update, over the minute before each point: what was missed while a feed was silent is known when it speaks again.',
      w: 8,
      h: 7,
      unit: 'short',
      decimals: 0,
      fill: 10,
      softMax: 5,
      targets: [
        promql('A', `sum by (venue) (increase(feed_gaps_total{${VENUE}}[1m]))`, {
          legendFormat: '{{venue}}',
        }),
      ],
    }),
    stateTimeline({
      id: 64,
      title: 'Health of components',
      description:
        'What each component says about itself: healthy, degraded or critical. Nothing drawn means that no heartbeat came.',
      w: 16,
      h: 7,
      unit: 'none',
      mappings: HEALTH_TEXTS,
      targets: [promql('A', 'max by (component) (component_health)', { legendFormat: '{{component}}' })],
    }),
    timeSeries({
      id: 65,
      title: 'Mid by symbol',
      description:
        'Mid price of each symbol, mean of the venues that quote it whole. On a logarithmic axis equal moves look equal.',
      w: 8,
      h: 7,
      unit: 'short',
      logarithmic: true,
      targets: [promql('A', `avg by (symbol) (quote_mid{${VENUE}})`, { legendFormat: '{{symbol}}' })],
    }),
    stateTimeline({
      id: 66,
      title: 'Order books',
      description:
        'Whether every book of the venue is fresh and whole: quoted on both sides, not crossed, and changed within ten seconds.',
      w: 8,
      h: 7,
      unit: 'none',
      mappings: BOOK_TEXTS,
      targets: [
        promql('A', `min by (venue) (time() - timestamp(quote_mid{${VENUE}}) < bool 10)`, {
          legendFormat: '{{venue}}',
        }),
      ],
    }),
    timeSeries({
      id: 67,
      title: 'Age of market data',
      description:
        'Seconds since the newest quote of each venue. Delay says how late data come; this says whether any come at all.',
      w: 8,
      h: 7,
      unit: 's',
      targets: [promql('A', `time() - max by (venue) (timestamp(quote_mid{${VENUE}}))`, { legendFormat: '{{venue}}' })],
    }),
  ],
};
