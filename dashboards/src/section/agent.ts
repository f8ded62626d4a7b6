/** Agents that decide, and the exchanges' interfaces: for desks that publish signals and exchange status. */
import { PER_SECOND, valueTexts } from '../field.ts';
import type { Section } from '../model.ts';
import { stateTimeline, timeSeries } from '../panel.ts';
import { eventRate, promql, VENUE } from '../target.ts';

const CONNECTION_TEXTS = valueTexts({
  0: { text: 'Not connected', color: 'red' },
  1: { text: 'Connected', color: 'green' },
});
const SHARE = { unit: 'percentunit', min: 0, max: 1, interval: '15s', bridgeMs: 300_000 } as const;

export const agents: Section = {
  id: 800,
  title: 'Agents and exchanges',
  panels: [
    timeSeries({
      ...SHARE,
      id: 80,
      title: 'Accuracy of agents',
      description:
        'Share of right predictions among the last 100 that turned out right or wrong. Half is what a coin does.',
      w: 8,
      h: 8,
      targets: [promql('A', 'agent_accuracy_ratio', { legendFormat: '{{agent}}' })],
    }),
    timeSeries({
      ...SHARE,
      id: 81,
      title: 'Confidence of agents',
      description: 'Mean confidence of the last 100 predictions. Far above the accuracy it is overconfidence.',
      w: 8,
      h: 8,
      targets: [promql('A', 'agent_confidence_ratio', { legendFormat: '{{agent}}' })],
    }),
    timeSeries({
      ...SHARE,
      id: 82,
      title: 'Consensus of agents',
      description: 'Share of the asked agents that agree, mean of the last 100 predictions that state it.',
      w: 8,
      h: 8,
      targets: [promql('A', 'agent_consensus_ratio', { legendFormat: '{{agent}}' })],
    }),
    stateTimeline({
      id: 83,
      title: 'Connection of exchanges',
      description: 'Whether each interface of each exchange is connected. Nothing drawn means that no status came.',
      w: 8,
      h: 8,
      unit: 'none',
      mappings: CONNECTION_TEXTS,
      targets: [promql('A', `exchange_connected{${VENUE}}`, { legendFormat: '{{venue}} {{api}}' })],
    }),
    timeSeries({
      id: 86,
      title: 'API latency of exchanges',
      description:
        'From a request to its answer, as the status of each interface tells: the worst within each step. Far above its usual level the connection stands and yet does not serve.',
      w: 8,
      h: 8,
      unit: 's',
      interval: '15s',
      targets: [
        promql('A', `max_over_time(exchange_api_latency_seconds{${VENUE}}[$__interval])`, {
          legendFormat: '{{venue}} {{api}}',
        }),
      ],
    }),
    timeSeries({
      id: 84,
      title: 'Requests left',
      description:
        'Requests that the rate limit of each exchange still allows, the fewest within each step. At zero orders are refused.',
      w: 8,
      h: 8,
      unit: 'short',
      decimals: 0,
      interval: '15s',
      targets: [
        promql('A', `min_over_time(exchange_requests_remaining{${VENUE}}[$__interval])`, {
          legendFormat: '{{venue}} {{api}}',
        }),
      ],
    }),
    timeSeries({
      id: 85,
      title: 'Failures of agents',
      description: 'Times a second that an agent could not say anything, by agent and reason.',
      w: 24,
      h: 6,
      unit: PER_SECOND,
      style: 'bars',
      stack: true,
      noValue: 'No agent failed in the time range',
      targets: [
        promql('A', `sum by (agent, reason) (${eventRate('agent_failures_total')})`, {
          legendFormat: '{{agent}}: {{reason}}',
        }),
      ],
    }),
  ],
};
