/**
 * What monitoring may cost: "unchanged" (ING-03) is a publish time within 5 % at the median and 10 % at the 99th percentile
 * of that without it, at every rate; percentiles within their printed bound (PCT-14, with the former); and of the host
 * what PRF-23 asks for, CPU of all its processors.
 */
import { availableParallelism } from 'node:os';
import { shorterThan, type Demand } from './demand.ts';
import type { OverheadReport } from './overhead.ts';

const FULL = { seconds: 3 };

export function overheadDemands(
  { results, normal, accuracy }: OverheadReport,
  run: { readonly seconds: number },
  processors = availableParallelism(),
): Demand[] {
  const unjudged = shorterThan(FULL, run);
  const publishing = { unit: 'times', bound: 'at most', rows: ['ING-03', 'PCT-14'], unjudged } as const;
  const host = { bound: 'at most', rows: ['PRF-23'], unjudged } as const;
  const at = ({ samplesPerSecond }: { readonly samplesPerSecond: number }): string =>
    `at ${samplesPerSecond.toLocaleString('en-US')}/s`;
  const publishTimes = results.flatMap((result): Demand[] => [
    { name: `publish to broker ${at(result)}, p50`, value: result.p50Ratio, limit: 1.05, ...publishing },
    { name: `publish to broker ${at(result)}, p99`, value: result.p99Ratio, limit: 1.1, ...publishing },
  ]);
  const costs = normal.flatMap((one): Demand[] => {
    const share = (one.cpuCores / processors) * 100;
    return [
      { name: `CPU ${at(one)}`, value: share, unit: '% of the host', limit: 2, goal: 1, ...host },
      { name: `memory ${at(one)}`, value: one.rssMb, unit: 'MiB', limit: 100, goal: 50, ...host },
    ];
  });
  const { worst, bound } = accuracy;
  return [
    ...publishTimes,
    ...costs,
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
