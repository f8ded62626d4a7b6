/**
 * A field's value of line protocol, from bytes: floats, integers (`12i`, `12u`), booleans (1 and 0), quoted text. The two
 * answers that are no number are NaN and Infinity, which no field can have.
 */
import type { NumberScanner } from './number-scanner.ts';

/** Infinity: quoted text. NaN: nothing that line protocol knows. */
export const TEXT = Infinity;

const BOOLEANS: ReadonlyMap<string, number> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, 1] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, 0] as const),
]);

/** The number of a field, `TEXT` for quoted text, NaN for what is no value at all. */
export function fieldNumber(
  number: NumberScanner,
  bytes: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const first = bytes[from] as number;
  if (first === 34) return TEXT;
  const value = number.scan(bytes, from);
  if (Number.isNaN(value)) return booleanNumber(bytes, from, to);
  if (number.end === to) return Number.isFinite(value) ? value : NaN;
  const suffix = bytes[to - 1];
  if (number.end !== to - 1 || !number.whole) return NaN;
  // 105 is i, 117 is u; only the former may be negative.
  return suffix === 105 || (suffix === 117 && first !== 45) ? value : NaN;
}

function booleanNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 5) return NaN;
  return BOOLEANS.get(String.fromCharCode(...bytes.subarray(from, to))) ?? NaN;
}
