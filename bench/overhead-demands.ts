/**
 * What monitoring may cost: "unchanged" (ING-03) is a publish time within 5 % at the median and 10 % at the 99th percentile
 * of that without it, at every rate; percentiles within their printed bound (PCT-14, with the former); and of the host
 * what PRF-23 asks for, CPU of all its processors.
 */
import { availableParallelism } from 'node:os';
import { shorterThan, type Demand } from './demand.ts';
import type { OverheadReport } from './overhead.ts';

const FULL = { seconds: 3 };
/** Above it, it is no normal operation. */
const NORMAL_PER_SECOND = 5_000;

export function overheadDemands(
  { results, accuracy }: OverheadReport,
  run: { readonly seconds: number },
  processors = availableParallelism(),
): Demand[] {
  const unjudged = shorterThan(FULL, run);
  const publishing = { unit: 'times', bound: 'at most', rows: ['ING-03', 'PCT-14'], unjudged } as const;
  const host = { bound: 'at most', rows: ['PRF-23'], unjudged } as const;
  const byRate = results.flatMap(({ samplesPerSecond, p50Ratio, p99Ratio, cpuCores, rssMb }): Demand[] => {
    const at = `at ${samplesPerSecond.toLocaleString('en-US')}/s`;
    const share = (cpuCores / processors) * 100;
    const costs: Demand[] = [
      { name: `CPU ${at}`, value: share, unit: '% of the host', limit: 2, goal: 1, ...host },
      { name: `memory ${at}`, value: rssMb, unit: 'MiB', limit: 100, goal: 50, ...host },
    ];
    return [
      { name: `publish to broker ${at}, p50`, value: p50Ratio, limit: 1.05, ...publishing },
      { name: `publish to broker ${at}, p99`, value: p99Ratio, limit: 1.1, ...publishing },
      ...(samplesPerSecond <= NORMAL_PER_SECOND ? costs : []),
    ];
  });
  const { worst, bound } = accuracy;
  return [
    ...byRate,
    {
      ...{
        name: 'percentiles beside the exact ones',
        value: worst * 100,
        unit: '%',
        bound: 'at most',
        limit: bound * 100,
      },
      rows: ['PCT-14'],
    },
  ];
}
