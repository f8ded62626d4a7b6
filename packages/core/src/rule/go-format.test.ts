import { formatExponent, formatFixed, formatShortest, formatSignificant } from './go-format.ts';

describe('numbers as Go prints them', () => {
  // Printed by a Go program: fmt.Printf("%v %.4g %.2f %.3e").
  it.each([
    [1, '1', '1', '1.00', '1.000e+00'],
    [100000, '100000', '1e+05', '100000.00', '1.000e+05'],
    [1e6, '1e+06', '1e+06', '1000000.00', '1.000e+06'],
    [1234567, '1.234567e+06', '1.235e+06', '1234567.00', '1.235e+06'],
    [1e20, '1e+20', '1e+20', '100000000000000000000.00', '1.000e+20'],
    [1e21, '1e+21', '1e+21', '1000000000000000000000.00', '1.000e+21'],
    [0.0001, '0.0001', '0.0001', '0.00', '1.000e-04'],
    [0.00001, '1e-05', '1e-05', '0.00', '1.000e-05'],
    [0.000123456, '0.000123456', '0.0001235', '0.00', '1.235e-04'],
    [3.14159, '3.14159', '3.142', '3.14', '3.142e+00'],
    [-2.5, '-2.5', '-2.5', '-2.50', '-2.500e+00'],
    [123456.789, '123456.789', '1.235e+05', '123456.79', '1.235e+05'],
    [1000000.5, '1.0000005e+06', '1e+06', '1000000.50', '1.000e+06'],
  ] as const)('%d', (...[value, shortest, significant, fixed, exponent]) => {
    expect(formatShortest(value)).toBe(shortest);
    expect(formatSignificant(value, 4)).toBe(significant);
    expect(formatFixed(value, 2)).toBe(fixed);
    expect(formatExponent(value, 3)).toBe(exponent);
  });

  it('writes the special values with Go’s names', () => {
    expect([NaN, Infinity, -Infinity, 0, -0].map(formatShortest)).toEqual(['NaN', '+Inf', '-Inf', '0', '-0']);
    expect([NaN, Infinity, -Infinity].map((value) => formatFixed(value, 2))).toEqual(['NaN', '+Inf', '-Inf']);
    expect([NaN, Infinity, -Infinity].map((value) => formatExponent(value, 2))).toEqual(['NaN', '+Inf', '-Inf']);
  });
});
