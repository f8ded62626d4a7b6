/** What the pipeline of the developers says: tests, coverage, quality of the code, deployments. */
import { GRADED_SHARE, valueTexts } from '../field.ts';
import type { FieldOverride, Section } from '../model.ts';
import { stateTimeline, timeSeries } from '../panel.ts';
import { scraped } from '../target.ts';

const SIZE = { w: 12, h: 8, interval: '15s' } as const;

/** What failed must not be green because it comes first; repositories are shades. */
const RESULT_COLORS = Object.entries({ passed: 'green', failed: 'red', skipped: 'yellow' }).map(
  ([result, color]): FieldOverride => ({
    matcher: { id: 'byRegexp', options: `/ ${result}$/` },
    properties: [{ id: 'color', value: { mode: 'shades', fixedColor: color } }],
  }),
);

export const delivery: Section = {
  id: 100,
  title: 'Tests, quality, deployments',
  panels: [
    timeSeries({
      ...SIZE,
      id: 10,
      title: 'Test results',
      description: 'Tests of the last run of each repository, by result.',
      unit: 'locale',
      overrides: RESULT_COLORS,
      targets: [scraped('A', 'sum by (repository, result) (ci_tests)', '{{repository}} {{result}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 11,
      title: 'Test coverage',
      description: 'Share of the lines that the last run of the tests has executed, by repository.',
      unit: 'percentunit',
      max: 1,
      thresholds: GRADED_SHARE,
      targets: [scraped('A', 'max by (repository) (ci_test_coverage_ratio)', '{{repository}}')],
    }),
    timeSeries({
      ...SIZE,
      id: 12,
      title: 'Findings about the code',
      description: 'Open findings of the analysers, by repository and severity.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'sum by (repository, severity) (code_quality_findings)', '{{repository}} {{severity}}')],
    }),
    stateTimeline({
      ...SIZE,
      id: 13,
      title: 'Deployments',
      description: 'State of the last deployment of each service in each environment.',
      unit: 'none',
      mappings: valueTexts({
        0: { text: 'Failed', color: 'red' },
        1: { text: 'Rolling out', color: 'orange' },
        2: { text: 'Deployed', color: 'green' },
      }),
      targets: [scraped('A', 'max by (service, environment) (deployment_state)', '{{service}} {{environment}}')],
    }),
  ],
};
