/** The soak's verdict hangs on this line: it must tell a leak from garbage that comes and goes. */
import { seededRandom } from '../../bench/samples.ts';
import { lineThrough, OWN_LIMITS, RESIDENT_LIMITS, SLOPE_LIMIT_MB_PER_HOUR, verdictOf } from './trend.ts';

const MINUTES = 60;

function readings(rssMb: (hours: number) => number): { hours: number; rssMb: number }[] {
  return Array.from({ length: MINUTES }, (_, minute) => ({ hours: minute / 60, rssMb: rssMb(minute / 60) }));
}

test('a straight line has its slope and no error', () => {
  const { slope, error } = lineThrough(readings((hours) => 500 + 12 * hours));
  expect(slope).toBeCloseTo(12, 9);
  expect(error).toBeCloseTo(0, 6);
});

test('independent noise has the error of the textbook, within what its correlation by chance adds', () => {
  const random = seededRandom(7);
  const noisy = readings(() => 500 + 10 * (random() + random() + random() - 1.5));
  const { slope, error } = lineThrough(noisy);
  // Noise of variance 100 * 3 / 12 = 25 over 60 stamps of variance (3599 / 12) / 3600 hours squared.
  const expected = Math.sqrt(25 / 60 / (3_599 / 12 / 3_600));
  expect(error).toBeGreaterThan(expected * 0.7);
  expect(error).toBeLessThan(expected * 2);
  expect(Math.abs(slope)).toBeLessThan(3 * error);
});

test('a sawtooth of ten minutes is no trend, and a leak of three teeth an hour is one', () => {
  const sawtooth = (hours: number): number => 500 + 50 * ((hours * 6) % 1);
  const flat = lineThrough(readings(sawtooth));
  expect(flat.slope - 2 * flat.error).toBeLessThan(1);
  const leak = lineThrough(readings((hours) => sawtooth(hours) + 150 * hours));
  expect(leak.slope - 2 * leak.error).toBeGreaterThan(1);
});

test('two readings cannot tell', () => {
  expect(lineThrough(readings(() => 500).slice(0, 2)).error).toBe(Infinity);
});

test.each([
  ['flat', { slope: 0, error: 0 }],
  ['flat', { slope: SLOPE_LIMIT_MB_PER_HOUR - 0.1, error: 0 }],
  ['flat', { slope: 18, error: 12 }],
  ['flat', { slope: -300, error: 5 }],
  ['flat', { slope: 49, error: RESIDENT_LIMITS.error }],
  ['grows', { slope: SLOPE_LIMIT_MB_PER_HOUR, error: 0 }],
  ['grows', { slope: 18, error: 8 }],
  ['grows', { slope: 50, error: RESIDENT_LIMITS.error }],
  ['cannot tell', { slope: 0, error: RESIDENT_LIMITS.error + 0.1 }],
  ['cannot tell', { slope: 0, error: Infinity }],
  ['cannot tell', { slope: NaN, error: 0 }],
  ['cannot tell', { slope: 0, error: NaN }],
] as const)('the verdict is "%s" of %o', (verdict, line) => {
  expect(verdictOf(line, RESIDENT_LIMITS)).toBe(verdict);
});

test('no reading, one, and two give no verdict', () => {
  for (const count of [0, 1, 2]) {
    expect(verdictOf(lineThrough(readings(() => 500).slice(0, count)), RESIDENT_LIMITS)).toBe('cannot tell');
  }
});

test('what is told to the byte is judged by it: a leak of 6 MB an hour under noise of half a megabyte shows', () => {
  const random = seededRandom(11);
  const noise = (): number => random() - 0.5;
  expect(verdictOf(lineThrough(readings((hours) => 90 + 6 * hours + noise())), OWN_LIMITS)).toBe('grows');
  expect(verdictOf(lineThrough(readings(() => 90 + noise())), OWN_LIMITS)).toBe('flat');
});
