/** The cluster: nodes by node_exporter, pods and quotas by kube-state-metrics, traffic by cAdvisor and Istio. */
import { PER_SECOND, steps } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries } from '../panel.ts';
import { scraped } from '../target.ts';

const NODE = 'instance=~"$node"';
const DISK = `${NODE}, mountpoint="/"`;
const DEVICE = `${NODE}, device!="lo"`;
const SIZE = { w: 8, h: 8, interval: '15s' } as const;

export const nodes: Section = {
  id: 300,
  title: 'Kubernetes nodes',
  panels: [
    timeSeries({
      ...SIZE,
      id: 30,
      title: 'Node $node',
      repeat: 'node',
      description: 'Share of processor, memory, disk and network of the node that is in use; the network by direction.',
      unit: 'percentunit',
      max: 1,
      thresholds: steps('green', [0.8, 'orange'], [0.95, 'red']),
      limitLines: true,
      targets: [
        scraped('A', `1 - avg(rate(node_cpu_seconds_total{${NODE}, mode="idle"}[$__rate_interval]))`, 'CPU'),
        scraped(
          'B',
          `1 - sum(node_memory_MemAvailable_bytes{${NODE}}) / sum(node_memory_MemTotal_bytes{${NODE}})`,
          'memory',
        ),
        scraped(
          'C',
          `1 - sum(node_filesystem_avail_bytes{${DISK}}) / sum(node_filesystem_size_bytes{${DISK}})`,
          'disk',
        ),
        scraped(
          'D',
          `sum(rate(node_network_receive_bytes_total{${DEVICE}}[$__rate_interval])) / sum(node_network_speed_bytes{${DEVICE}})`,
          'network in',
        ),
        scraped(
          'E',
          `sum(rate(node_network_transmit_bytes_total{${DEVICE}}[$__rate_interval])) / sum(node_network_speed_bytes{${DEVICE}})`,
          'network out',
        ),
      ],
    }),
  ],
};

export const cluster: Section = {
  id: 400,
  title: 'Kubernetes pods, resources and traffic',
  panels: [
    timeSeries({
      ...SIZE,
      id: 40,
      title: 'Pods by phase',
      description: 'Pods that run, wait for a place, or have failed.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (phase) (kube_pod_status_phase{phase=~"Running|Pending|Failed"})', '{{phase}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 41,
      title: 'Restarts',
      description: 'How often the containers of each pod were started again, since the pod exists. Steps are restarts.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (namespace, pod) (kube_pod_container_status_restarts_total)', '{{pod}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 42,
      title: 'Quotas used',
      description: 'Share of each quota of a namespace that is used up. At 100 % nothing more is started.',
      unit: 'percentunit',
      max: 1,
      targets: [
        scraped(
          'A',
          'sum by (namespace, resource) (kube_resourcequota{type="used"}) / sum by (namespace, resource) (kube_resourcequota{type="hard"})',
          '{{namespace}} {{resource}}',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 43,
      title: 'CPU requested and limited',
      description: 'Cores that the containers of each namespace have asked for, and the most that they may take.',
      unit: 'short',
      targets: [
        scraped(
          'A',
          'sum by (namespace) (kube_pod_container_resource_requests{resource="cpu"})',
          '{{namespace}} requested',
        ),
        scraped('B', 'sum by (namespace) (kube_pod_container_resource_limits{resource="cpu"})', '{{namespace}} limit'),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 44,
      title: 'Memory requested and limited',
      description: 'Memory that the containers of each namespace have asked for, and the most that they may take.',
      unit: 'bytes',
      targets: [
        scraped(
          'A',
          'sum by (namespace) (kube_pod_container_resource_requests{resource="memory"})',
          '{{namespace}} requested',
        ),
        scraped(
          'B',
          'sum by (namespace) (kube_pod_container_resource_limits{resource="memory"})',
          '{{namespace}} limit',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      id: 45,
      title: 'Traffic in and out',
      description: 'Bytes a second that the pods of each namespace receive (ingress) and send (egress).',
      unit: 'Bps',
      targets: [
        scraped(
          'A',
          'sum by (namespace) (rate(container_network_receive_bytes_total[$__rate_interval]))',
          '{{namespace}} in',
        ),
        scraped(
          'B',
          'sum by (namespace) (rate(container_network_transmit_bytes_total[$__rate_interval]))',
          '{{namespace}} out',
        ),
      ],
    }),
    timeSeries({
      ...SIZE,
      w: 24,
      id: 46,
      title: 'Service mesh',
      description:
        'Requests a second between workloads as the mesh (Istio) counts them, and those of them that failed.',
      unit: PER_SECOND,
      targets: [
        scraped(
          'A',
          'sum by (source_workload, destination_workload) (rate(istio_requests_total[$__rate_interval]))',
          '{{source_workload}} → {{destination_workload}}',
        ),
        scraped(
          'B',
          'sum by (source_workload, destination_workload) (rate(istio_requests_total{response_code=~"5.."}[$__rate_interval]))',
          '{{source_workload}} → {{destination_workload}} failed',
        ),
      ],
    }),
  ],
};
