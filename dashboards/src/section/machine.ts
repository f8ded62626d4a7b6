/** The machine and the message broker underneath. */
import { steps } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { promql } from '../target.ts';

const NEAR_FULL = steps('green', [0.8, 'orange'], [0.95, 'red']);

export const machine: Section = {
  id: 700,
  title: 'The machine and NATS',
  panels: [
    timeSeries({
      id: 70,
      title: 'CPU',
      description: 'Share of all processors that is busy, by host.',
      w: 6,
      h: 7,
      unit: 'percentunit',
      min: 0,
      max: 1,
      fill: 10,
      thresholds: NEAR_FULL,
      targets: [promql('A', 'host_cpu_usage_ratio', { legendFormat: '{{host}}' })],
    }),
    timeSeries({
      id: 71,
      title: 'Memory',
      description: 'Memory in use and installed, by host.',
      w: 6,
      h: 7,
      unit: 'bytes',
      min: 0,
      targets: [
        promql('A', 'host_memory_used_bytes', { legendFormat: '{{host}} used' }),
        promql('B', 'host_memory_total_bytes', { legendFormat: '{{host}} installed' }),
      ],
    }),
    timeSeries({
      id: 72,
      title: 'Disk',
      description:
        'Share of each file system that is full. A full disk stops the store; the sidecar then refuses to acknowledge and NATS keeps the messages.',
      w: 6,
      h: 7,
      unit: 'percentunit',
      min: 0,
      max: 1,
      fill: 10,
      thresholds: NEAR_FULL,
      targets: [promql('A', 'host_disk_used_ratio', { legendFormat: '{{mount}}' })],
    }),
    timeSeries({
      id: 73,
      title: 'Load',
      description: 'Processes that run or wait, averaged over one minute.',
      w: 6,
      h: 7,
      unit: 'short',
      min: 0,
      targets: [promql('A', 'host_load1', { legendFormat: '{{host}}' })],
    }),
    timeSeries({
      id: 74,
      title: 'Network',
      description:
        'Bytes a second received and sent, by device, over the last 30 seconds: the counters are read every five.',
      w: 6,
      h: 7,
      unit: 'Bps',
      targets: [
        promql('A', 'rate(host_network_receive_bytes_total[30s])', { legendFormat: '{{device}} in' }),
        promql('B', 'rate(host_network_transmit_bytes_total[30s])', { legendFormat: '{{device}} out' }),
      ],
    }),
    timeSeries({
      id: 75,
      title: 'NATS messages',
      description: 'Messages a second into and out of the broker.',
      w: 6,
      h: 7,
      unit: 'mps',
      targets: [
        promql('A', 'sum(rate(nats_in_msgs_total[$__rate_interval]))', { legendFormat: 'in' }),
        promql('B', 'sum(rate(nats_out_msgs_total[$__rate_interval]))', { legendFormat: 'out' }),
      ],
    }),
    timeSeries({
      id: 76,
      title: 'NATS bytes',
      description: 'Bytes a second into the broker, and the memory that it holds (right axis).',
      w: 6,
      h: 7,
      unit: 'Bps',
      overrides: [
        {
          matcher: { id: 'byFrameRefID', options: 'B' },
          properties: [
            { id: 'unit', value: 'bytes' },
            { id: 'custom.axisPlacement', value: 'right' },
          ],
        },
      ],
      targets: [
        promql('A', 'sum(rate(nats_in_bytes_total[$__rate_interval]))', { legendFormat: 'in' }),
        promql('B', 'sum(nats_mem_bytes)', { legendFormat: 'memory' }),
      ],
    }),
    timeSeries({
      id: 77,
      title: 'NATS clients',
      description:
        'Connections, and clients that were cut off because they read too slowly. A slow consumer loses messages of core NATS.',
      w: 6,
      h: 7,
      unit: 'short',
      decimals: 0,
      min: 0,
      targets: [
        promql('A', 'sum(nats_connections)', { legendFormat: 'connections' }),
        promql('B', 'sum(nats_slow_consumers_total)', { legendFormat: 'slow consumers' }),
      ],
    }),
  ],
};
