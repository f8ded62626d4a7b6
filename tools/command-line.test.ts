import { parseCommand, UsageError } from './command-line.ts';

const OPTIONS = { rate: { type: 'string', default: '5' }, only: { type: 'string' } } as const;
const parse = (...args: string[]) => parseCommand(args, OPTIONS, ['rate']);

describe('the command line of a tool', () => {
  it('gives values, their defaults and names', () => {
    const { values, positionals } = parse('ingest', '--rate', '0.5');
    expect({ ...values, positionals }).toEqual({ rate: '0.5', positionals: ['ingest'] });
    expect(parse().values.rate).toBe('5');
  });

  it.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['--only'], "Option '--only <value>' argument missing"],
    [['--rate', 'fast'], '--rate fast: expected a number above zero'],
    [['--rate', '0'], '--rate 0: expected a number above zero'],
    [['--rate=-1'], '--rate -1: expected a number above zero'],
    [['--rate', '1e999'], '--rate 1e999: expected a number above zero'],
    [['--rate='], '--rate : expected a number above zero'],
  ])('names what is wrong with %j', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});
