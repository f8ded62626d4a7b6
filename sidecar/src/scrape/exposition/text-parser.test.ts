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
      const { exemplar } = parser;
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

interface PageCase {
  readonly name: string;
  readonly dialect: Dialect;
  readonly page: string;
  readonly fails?: true;
  readonly samples?: readonly WrittenSample[];
  readonly meta?: readonly string[][];
}

interface WrittenSample {
  readonly labels: Record<string, string>;
  readonly value: string;
  readonly timeMs?: number;
  readonly exemplar?: Omit<WrittenSample, 'exemplar'>;
}

const expected = (cases as readonly unknown[] as readonly PageCase[]).map((item) => ({
  ...item,
  title: `${item.dialect}: ${item.name}`,
}));

describe('answers as Prometheus does', () => {
  it.each(expected)('$title', ({ page, dialect, fails, samples, meta }) => {
    if (fails === true) {
      expect(() => read(page, dialect)).toThrow(ExpositionError);
      return;
    }
    const answer = read(page, dialect);
    expect(answer.samples).toEqual(
      (samples ?? []).map(({ labels, value, timeMs, exemplar }) => ({
        labels,
        value: parseNumber(value),
        timeMs,
        exemplar:
          exemplar === undefined
            ? undefined
            : { labels: exemplar.labels, value: parseNumber(exemplar.value), timeMs: exemplar.timeMs },
      })),
    );
    expect(answer.meta).toEqual(meta ?? []);
  });
});

describe('tells where a page is wrong', () => {
  it.each<[Dialect, string, RegExp]>([
    ['prometheus', '# TYPE a gauge\na 1\nb{c="d} 2\n', /^line 3, column 5: a quoted text does not end in "b\{c/],
    ['prometheus', 'a 1\nb two\n', /^line 2, column 3: "two" is no number/],
    ['prometheus', 'a 1 2.5\n', /^line 1, column 5: "2.5" is no stamp in whole milliseconds/],
    ['prometheus', 'a{b="c" d="e"} 1', /^line 1, column 9: expected "," or "}"/],
    ['prometheus', '# TYPE a meter\n', /known are counter, gauge, histogram, summary, untyped/],
    ['openmetrics', 'a 1\n', /^line 2, column 1: the page does not end with "# EOF"/],
    ['openmetrics', '# UNIT a_seconds bytes\n', /the unit "bytes" is not the end of the name "a_seconds"/],
  ])('%s %j', (dialect, page, message) => {
    expect(() => read(page, dialect)).toThrow(message);
  });

  it('shows a long line only in part', () => {
    expect(() => read(`a{b="${'x'.repeat(10_000)}`, 'prometheus')).toThrow(/^.{0,200}$/);
  });
});

it('takes a stamp before the epoch, which the format allows', () => {
  expect(read('a 1 -1500\n', 'prometheus').samples).toMatchObject([{ timeMs: -1_500 }]);
});

it('keeps the nanoseconds of an OpenMetrics stamp', () => {
  const parser = new TextParser('a 1 1520879607.789123456\n# EOF\n', 'openmetrics');
  parser.next();
  expect(parser.stamp).toEqual({ seconds: 1_520_879_607, nanos: 789_123_456 });
});
