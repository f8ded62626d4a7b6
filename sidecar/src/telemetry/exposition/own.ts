/** Our own registry as families. A gauge that is 1 and whose name ends in `_info` is an info metric. */
import type { Registry } from 'prom-client';
import type { FamilyType, MetricFamily } from './family.ts';

const TYPES: Readonly<Record<string, FamilyType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
};
const UNITS = ['seconds', 'bytes', 'ratio'];

export async function ownFamilies(registry: Registry): Promise<MetricFamily[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, help, type, values }): MetricFamily => {
    const isInfo = name.endsWith('_info') && values.every(({ value }) => value === 1);
    return {
      name,
      help,
      type: isInfo ? 'info' : (TYPES[String(type)] ?? 'unknown'),
      unit: UNITS.find((unit) => name.replace(/_total$/, '').endsWith(`_${unit}`)) ?? '',
      samples: values.map((sample) => ({
        name: (sample as { metricName?: string }).metricName ?? name,
        labels: Object.fromEntries(
          Object.entries(sample.labels).map(([label, value]) => [label, boundText(label, value)]),
        ),
        value: sample.value,
      })),
    };
  });
}

function boundText(label: string, value: string | number | undefined): string {
  return label === 'le' && value === Infinity ? '+Inf' : String(value ?? '');
}
