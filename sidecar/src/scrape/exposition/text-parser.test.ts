/**
 * The parser beside Prometheus's own package: each case's answer was printed by `model/textparse` of Prometheus 3.8
 * (module v0.308.1). Where we differ on purpose, the case is named here with the reason.
 */
import { METRIC_NAME } from '@tapewatch/core';
import cases from '../testing/exposition-cases.json';
import { ExpositionError } from './exposition-error.ts';
import { canonicalPairs, Families } from './family.ts';
import { parseNumber } from './number-text.ts';
import { TextParser, type Dialect } from './text-parser.ts';

interface PageSample {
  readonly labels: Record<string, string>;
  readonly value: number;
  readonly timeMs: number | undefined;
  readonly exemplar: { labels: Record<string, string>; value: number; timeMs: number | undefined } | undefined;
}

const msOf = (stamp: { seconds: number; nanos: number } | undefined): number | undefined =>
  stamp === undefined ? undefined : stamp.seconds * 1_000 + Math.trunc(stamp.nanos / 1e6);

function read(page: string, dialect: Dialect): { samples: PageSample[]; meta: string[][] } {
  const parser = new TextParser(page, dialect);
  const families = new Families();
  const samples: PageSample[] = [];
  const meta: string[][] = [];
  for (let entry = parser.next(); entry !== 'end'; entry = parser.next()) {
    if (entry === 'sample') {
      const labels = Object.fromEntries(parser.labels());
      const { family } = families.describe(labels[METRIC_NAME] as string);
      const exemplar = parser.exemplar();
      samples.push({
        labels: Object.fromEntries(canonicalPairs(Object.entries(labels), family.type)),
        value: parser.value,
        timeMs: msOf(parser.stamp),
        exemplar:
          exemplar === undefined
            ? undefined
            : { labels: Object.fromEntries(exemplar.labels), value: exemplar.value, timeMs: msOf(exemplar.stamp) },
      });
    } else {
      if (entry === 'type') families.at(parser.family).type = parser.metricType;
      meta.push([entry, parser.family, entry === 'type' ? parser.metricType : parser.content]);
    }
  }
  return { samples, meta };
}

/** Accepted here, refused there: the documented format of a stamp is an int64, which has a sign. */
const expected = (cases as readonly (typeof cases)[number][]).map((item) => ({
  ...item,
  title: `${item.dialect}: ${item.name}`,
}));

describe('answers as Prometheus does', () => {
  it.each(expected)('$title', ({ page, dialect, fails, samples, meta }) => {
    if (fails === true) {
      expect(() => read(page, dialect as Dialect)).toThrow(ExpositionError);
      return;
    }
    const answer = read(page, dialect as Dialect);
    expect(answer.samples).toEqual(
      (samples ?? []).map((sample) => ({
        labels: sample.labels,
        value: parseNumber(sample.value),
        timeMs: 'timeMs' in sample ? sample.timeMs : undefined,
        exemplar:
          'exemplar' in sample && sample.exemplar !== undefined
            ? { ...sample.exemplar, value: parseNumber(sample.exemplar.value), timeMs: sample.exemplar.timeMs }
            : undefined,
      })),
    );
    expect(answer.meta).toEqual(meta ?? []);
  });
});
