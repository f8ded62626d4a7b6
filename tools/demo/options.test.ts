import { parseDemoOptions } from './options.ts';

it('has defaults', () => {
  expect(parseDemoOptions([])).toMatchObject({ check: false, seconds: 30, seed: '1', keep: false, reset: false });
});

it('reads ports by name', () => {
  expect(parseDemoOptions(['--ports', 'http=9999,nats=4300']).ports).toEqual({ http: 9_999, nats: 4_300 });
  expect(parseDemoOptions(['--ports', 'free']).ports).toBe('free');
});

it.each<[string[], RegExp]>([
  [['--ports', 'ftp=21'], /"ftp=21" is not name=port/],
  [['--ports', 'http=99999'], /"http=99999"/],
  [['--check', '--break', 'fire'], /--break/],
  [['--break', 'drop'], /--break needs --check/],
  [['--seconds', '1'], /--seconds/],
  [['--colour'], /--colour/],
])('refuses %j by name', (args, message) => {
  expect(() => parseDemoOptions(args)).toThrow(message);
});
