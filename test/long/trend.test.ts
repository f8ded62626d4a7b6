/** The soak's verdict hangs on this line: it must tell a leak from garbage that comes and goes. */
import { seededRandom } from '../../bench/samples.ts';
import { lineThrough } from './trend.ts';

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
