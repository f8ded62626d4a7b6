/**
 * Numbers as Go's `fmt` prints them, because Prometheus's templates are Go templates and users compare the two.
 * Source: Go's strconv.FormatFloat; verb `g` writes an exponent below 1e-4 and from 10^precision on, where the shortest
 * form counts as precision 6. The examples in the test were printed by a Go program.
 */

/** `%v`: the shortest digits that read back to the same number. */
export function formatShortest(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatSpecial(value);
  // Plain notation is reached only for 1e-4 <= |value| < 1e6, where JavaScript writes no exponent either.
  const exponent = exponentOf(value.toExponential());
  return exponent < -4 || exponent >= SHORTEST_EXPONENT ? padExponent(value.toExponential()) : String(value);
}

/** `%.<precision>g`: significant digits, trailing zeros cut. */
export function formatSignificant(value: number, precision: number): string {
  if (!Number.isFinite(value) || value === 0) return formatSpecial(value);
  const digits = Math.max(1, precision);
  const scientific = value.toExponential(digits - 1);
  const exponent = exponentOf(scientific);
  const [mantissa = '', power = ''] = scientific.split('e');
  if (exponent < -4 || exponent >= digits) return padExponent(`${cutZeros(mantissa)}e${power}`);
  return cutZeros(value.toFixed(Math.max(0, digits - 1 - exponent)));
}

/** `%.<precision>f` */
export function formatFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  // toFixed changes to exponents from 1e21 on; every such double is an integer, so its digits are exact.
  if (Math.abs(value) < 1e21) return Object.is(value, -0) ? `-${(0).toFixed(precision)}` : value.toFixed(precision);
  const integer = BigInt(value).toString();
  return precision === 0 ? integer : `${integer}.${'0'.repeat(precision)}`;
}

/** `%.<precision>e`; without a precision the shortest digits. */
export function formatExponent(value: number, precision?: number): string {
  return Number.isFinite(value) ? padExponent(value.toExponential(precision)) : formatSpecial(value);
}

/** strconv decides the shortest form as if its precision were 6: 100000, but 1e+06. */
const SHORTEST_EXPONENT = 6;

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return value > 0 ? '+Inf' : '-Inf';
}

function exponentOf(scientific: string): number {
  return Number(scientific.slice(scientific.indexOf('e') + 1));
}

/** JavaScript writes `e-7`, Go `e-07`. */
function padExponent(scientific: string): string {
  return scientific.replace(/e([+-])(\d)$/, 'e$10$2');
}

function cutZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
