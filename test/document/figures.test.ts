/**
 * Figures of performance, risk, execution, markets, exchanges and agents: each says what it is where it is shown, is defined in
 * docs/trading.md, and every module of mathematics behind them is reached by a test of its own workspace.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { EXECUTION_FIGURES, MARKET_FIGURES } from '@tapewatch/contract';
import { AGENT_FIGURES, EXCHANGE_FIGURES } from '../../sidecar/src/collect/derived.ts';
import { FIT_COLUMNS, RESPONSE_COLUMNS } from '../../sidecar/src/query/impact-column.ts';
import { PERFORMANCE_COLUMNS, TRACKER_COLUMNS } from '../../sidecar/src/query/performance-table.ts';
import { PNL_COLUMNS } from '../../sidecar/src/query/pnl-table.ts';
import { LIMIT_COLUMNS, PART_COLUMNS, RISK_COLUMNS } from '../../sidecar/src/query/risk-table.ts';
import { ROOT, sourceFiles } from '../tidy/source-tree.ts';

const page = readFileSync(join(ROOT, 'docs/trading.md'), 'utf8');
const files = sourceFiles();
const ROOMS = ['stats', 'histogram', 'detect', 'trading', 'latency'].map((room) => `packages/core/src/${room}/`);

const columns = [
  ...[...PERFORMANCE_COLUMNS, ...TRACKER_COLUMNS, ...RISK_COLUMNS, ...LIMIT_COLUMNS, ...PART_COLUMNS],
  ...[...PNL_COLUMNS, ...FIT_COLUMNS, ...RESPONSE_COLUMNS],
].map(({ name, description }) => ({ name, text: description }));
const collected = [...EXCHANGE_FIGURES, ...AGENT_FIGURES].map(({ name, help }) => ({ name, text: help }));

/** Gauges of the desk, as its collectors name them, with their help. */
function deskFigures(): { name: string; text: string }[] {
  return ['trading', 'risk', 'portfolio'].flatMap((name) => {
    const text = readFileSync(join(ROOT, `sidecar/src/collect/${name}.ts`), 'utf8');
    return [...text.matchAll(/'(trading_[a-z0-9_]+)'/g)].map(([, figure = '']) => ({ name: figure, text: '' }));
  });
}

/** As a word, in code marks or not; `var 95` is told as `var_95` in metrics. */
function isDefined(name: string): boolean {
  const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/[ _]/g, '[ _]');
  return new RegExp(`(?<![A-Za-z])${word}(?![A-Za-z])`).test(page);
}

/** Other names of the same in the page. */
const ALSO: Readonly<Record<string, string>> = {
  'es 95': 'trading_shortfall_95',
  'es 99': 'trading_shortfall_99',
  ...{ ack_p50: 'ack', ack_p99: 'ack', first_fill_p50: 'first_fill', first_fill_p99: 'first_fill' },
};

it('each formula is documented with its definition, and has a test (proves: PCT-13)', () => {
  const figures = [...columns, ...collected];
  expect(figures.filter(({ text }) => text.trim().length < 8).map(({ name }) => name)).toEqual([]);
  const desk = deskFigures();
  expect(desk.length).toBeGreaterThan(20);
  const named = [...figures, ...desk].map(({ name }) => name);
  const all = new Set([...named, ...EXECUTION_FIGURES, ...MARKET_FIGURES]);
  expect(all.size).toBeGreaterThan(100);
  expect([...all].filter((name) => !isDefined(ALSO[name] ?? name))).toEqual([]);

  // Of a module that only passes on what another one computes, the test of that one counts.
  const formulas = files.filter(
    ({ path, isTest, text }) =>
      !isTest && ROOMS.some((room) => path.startsWith(room)) && /^export (?:function|class)\b/m.test(text),
  );
  expect(formulas.length).toBeGreaterThan(60);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const importsOf = (path: string): string[] =>
    (byPath.get(path)?.valueImports ?? [])
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => normalize(join(dirname(path), specifier)));
  const tests = files.filter(({ path, isTest }) => isTest && path.startsWith('packages/core/src/'));
  const direct = new Set(tests.flatMap(({ path }) => importsOf(path)));
  const behind = (paths: Iterable<string>): string[] => [...paths].flatMap(importsOf);
  const reached = new Set([...direct, ...behind(direct), ...behind(new Set(behind(direct)))]);
  expect(formulas.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  // Where a formula comes from, or what it means, stands above it.
  expect(formulas.filter(({ text }) => !/^\/\*\*[\s\S]{30,}?\*\//.test(text)).map(({ path }) => path)).toEqual([]);
});
