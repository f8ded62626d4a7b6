import { parseCommand, UsageError } from './command-line.ts';

const TEXT = { type: 'string' } as const;
const SPEC = {
  options: { rate: { ...TEXT, default: '5' }, runs: TEXT, seed: TEXT, only: TEXT },
  words: 1,
  positive: ['rate'],
  counts: ['runs'],
  seeds: ['seed'],
} as const;
const parse = (...args: string[]) => parseCommand(args, SPEC);

describe('the command line of a tool', () => {
  it('gives values, their defaults and names', () => {
    const { values, positionals } = parse('ingest', '--rate', '0.5', '--seed=-1', '--runs', '3');
    expect({ ...values, positionals }).toEqual({ rate: '0.5', seed: '-1', runs: '3', positionals: ['ingest'] });
    expect(parse().values.rate).toBe('5');
  });

  it.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['--only'], "Option '--only <value>' argument missing"],
    [['ingest', 'highest', 'all'], 'highest all: not expected here'],
    [['--rate', 'fast'], '--rate fast: expected a number above zero'],
    [['--rate', '0'], '--rate 0: expected a number above zero'],
    [['--rate=-1'], '--rate -1: expected a number above zero'],
    [['--rate', '1e999'], '--rate 1e999: expected a number above zero'],
    [['--rate='], '--rate : expected a number above zero'],
    [['--runs', '2.5'], '--runs 2.5: expected a whole number from 1'],
    [['--runs', '0'], '--runs 0: expected a whole number from 1'],
    [['--seed', '0.5'], '--seed 0.5: expected a whole number'],
    [['--seed', ' '], '--seed  : expected a whole number'],
  ])('names what is wrong with %j', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});
