/**
 * Holds what our engine reaches on Prometheus's published scripts. The floor is every case of every file, so any case
 * that stops passing fails here by its line. The data lie beside the repository, not in it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatExpr, parse } from '@tapewatch/core';
import { runScript } from './runner.ts';
import { parseScript } from './script.ts';

const FOLDER = join(__dirname, '../../../shared/data/promqltest');
/** Cases passed per file; raise it when the files grow, never lower it. */
const FLOOR: Readonly<Record<string, number>> = {
  'aggregators.test': 160,
  'at_modifier.test': 78,
  'functions.test': 431,
  'literals.test': 25,
  'operators.test': 214,
  'range_queries.test': 18,
  'selectors.test': 31,
  'staleness.test': 17,
};

const present = existsSync(FOLDER) || process.env['CI'] === 'true';
if (!present) console.warn(`skipped: Prometheus's test scripts are not at ${FOLDER} (with CI=true this fails)`);

(present ? describe : describe.skip)('the published test scripts of Prometheus', () => {
  it.each(Object.entries(FLOOR))('%s: at least %d cases pass and none fails', (file, floor) => {
    const { cases, problems } = runScript(readFileSync(join(FOLDER, file), 'utf8'));
    expect(problems).toEqual([]);
    expect(cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(floor);
  });
});

/**
 * Cases of the published scripts that need the delayed removal of the metric name, which Prometheus has off by default
 * and we do not have: by file, the lines of their `eval`.
 */
const DELAYED_NAME_REMOVAL: Readonly<Record<string, readonly number[]>> = {
  'name_label_dropping.test': [59, 64, 69, 74, 89, 115, 119, 123],
  'type_and_unit.test': [77, 92, 222, 237],
};
const PUBLISHED = join(__dirname, 'published');

describe('the test scripts of Prometheus 3.15 that are kept here', () => {
  it.each(readdirSync(PUBLISHED).filter((name) => name.endsWith('.test')))(
    '%s: every case passes, but for those that need delayed name removal',
    (file) => {
      const { cases, problems } = runScript(readFileSync(join(PUBLISHED, file), 'utf8'));
      expect(problems).toEqual([]);
      const failed = cases.filter(({ outcome }) => outcome !== 'passed');
      expect(failed.map(({ line }) => line)).toEqual(DELAYED_NAME_REMOVAL[file] ?? []);
      expect(cases.length).toBeGreaterThan(1);
    },
  );
});

describe('formatExpr', () => {
  it.each(readdirSync(PUBLISHED).filter((name) => name.endsWith('.test')))(
    'writes every expression of %s so that it means the same',
    (file) => {
      const script = parseScript(readFileSync(join(PUBLISHED, file), 'utf8'));
      const texts = script.flatMap((command) => (command.kind === 'eval' ? [command.expr] : []));
      const readable = texts.filter((text) => shapeOf(text) !== undefined);
      expect(readable.map((text) => shapeOf(formatExpr(parse(text))))).toEqual(readable.map(shapeOf));
    },
  );
});

/** The expression tree without positions, undefined for what cannot be parsed. */
function shapeOf(text: string): unknown {
  try {
    const json = JSON.stringify(parse(text), (key, value: unknown) => {
      if (key === 'from' || key === 'to') return undefined;
      return typeof value === 'number' ? String(value) : value;
    });
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

describe('the runner can fail', () => {
  const failures = (script: string): string[] => runScript(script).cases.map(({ reason }) => reason);

  it('sees a wrong value, a missing series, a surplus series and a wrong order', () => {
    const load = 'load 1m\n  m{a="x"} 1\n  m{a="y"} 2\n\n';
    expect(failures(`${load}eval instant at 0m m{a="x"}\n  m{a="x"} 2`)).toEqual([
      expect.stringContaining('expected 2, got 1'),
    ]);
    expect(failures(`${load}eval instant at 0m m\n  m{a="x"} 1`)).toEqual([
      expect.stringContaining('expected 1 samples, got 2'),
    ]);
    expect(failures(`${load}eval instant at 0m m{a="x"}\n  m{a="z"} 1`)).toEqual([
      expect.stringContaining('missing m'),
    ]);
    const ordered = `${load}eval instant at 0m sort_desc(m)\n  expect ordered\n  m{a="x"} 1\n  m{a="y"} 2`;
    expect(failures(ordered)).toEqual([expect.stringContaining('expected at place 0, is at 1')]);
  });

  it('sees a missing annotation, a surplus one, and an error that did not come', () => {
    const load = 'load 1m\n  m 1 2 3\n\n';
    expect(failures(`${load}eval instant at 2m rate(m[3m])\n  expect no_info\n  {} 0.016`)).toEqual([
      expect.stringContaining('unexpected info'),
    ]);
    expect(failures(`${load}eval instant at 0m m\n  expect warn\n  m 1`)).toEqual([
      expect.stringContaining('got: none'),
    ]);
    expect(failures(`${load}eval instant at 0m m\n  expect fail`)).toEqual(['expected an error, got an answer']);
  });

  it('sees a histogram that differs in one bucket, and a sample too many in a range', () => {
    const load = 'load 1m\n  h {{schema:0 sum:3 count:2 buckets:[1 1]}}\n  m 1 2 3\n\n';
    expect(failures(`${load}eval instant at 0m h\n  h {{schema:0 sum:3 count:2 buckets:[2 0]}}`)).toEqual([
      expect.stringContaining('expected {count:2'),
    ]);
    expect(failures(`${load}eval range from 0 to 2m step 1m m\n  m 1 2`)).toEqual([
      expect.stringContaining('unexpected samples at 120000'),
    ]);
  });

  it.each(['evaluate this', 'load 1m\n  m one', 'eval instant at 0m m\n  expect nothing', 'load soon\n  m 1'])(
    'refuses a line that it does not understand: %j',
    (script) => {
      expect(runScript(script)).toEqual({ cases: [], problems: [expect.stringMatching(/^line \d: /)] });
    },
  );
});
