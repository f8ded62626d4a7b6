/**
 * Numbers, durations and strings of PromQL, both ways. Strings follow Go's rules; a byte escape that is no part of valid
 * UTF-8 becomes a lone surrogate U+DC00 + byte (the convention of Python's surrogateescape), so that it is kept, compares
 * unequal to any valid text, and can be refused where a valid name is demanded.
 */
import { parseDurationMs } from '../model/duration.ts';

/** The value of a number or duration literal (a duration counts in seconds), undefined when it is neither. */
export function parseNumber(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text
    .replace(/^[+-]\s*/, '')
    .replaceAll('_', '')
    .toLowerCase();
  if (body === 'inf') return sign * Infinity;
  if (body === 'nan') return NaN;
  if (/^0x[0-9a-f]+$/.test(body)) return sign * Number(body);
  if (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(body)) return sign * Number(body);
  const ms = parseDurationMs(body);
  return ms === undefined ? undefined : (sign * ms) / 1000;
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gsu;

/** The value of a quoted string, undefined when the quotes or an escape are wrong. */
export function unquote(text: string): string | undefined {
  const quote = text[0] ?? '';
  if (text.length < 2 || !text.endsWith(quote) || !`"'\``.includes(quote)) return undefined;
  const inner = text.slice(1, -1);
  if (quote === '`' || !inner.includes('\\')) return inner;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  let last = 0;
  for (const match of inner.matchAll(ESCAPE)) {
    bytes.push(...encoder.encode(inner.slice(last, match.index)));
    last = match.index + match[0].length;
    const [, hex, short, long, octal, single] = match;
    const code = hex ?? octal;
    if (code !== undefined) bytes.push(parseInt(code, hex === undefined ? 8 : 16) & 0xff);
    else if (single === undefined) bytes.push(...encoder.encode(codePoint(short ?? long ?? '')));
    else if (ESCAPES[single] === undefined) return undefined;
    else bytes.push(ESCAPES[single]);
  }
  bytes.push(...encoder.encode(inner.slice(last)));
  return decodeBytes(bytes);
}

function codePoint(hex: string): string {
  const code = parseInt(hex, 16);
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
}

function decodeBytes(bytes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes, i);
    if (length === 0) text += String.fromCharCode(0xdc00 + (bytes[i] as number));
    else text += new TextDecoder().decode(Uint8Array.from(bytes.slice(i, i + length)));
    i += Math.max(1, length);
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at `i`, 0 when there is none. */
function sequenceLength(bytes: readonly number[], i: number): number {
  const lead = bytes[i] as number;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  for (let k = 1; k < length; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Go's %q for what PromQL shows in messages: printable text stays, lone bytes become \xNN. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  return `"${escaped.replaceAll(/\\udc([0-9a-f]{2})/g, (_, byte: string) => `\\x${byte}`)}"`;
}

/** Prometheus 3: any non-empty valid UTF-8 is a label name. */
export function isValidLabelName(name: string): boolean {
  return name !== '' && !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name);
}

/** Decimal digits without an exponent, as Go's `FormatFloat(v, 'f', -1, 64)`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return Object.is(value, -0) ? '-0' : text;
  const [, sign = '', whole = '', decimals = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  const digits = whole + decimals;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - whole.length)}${digits}`;
  return `${sign}${digits.padEnd(whole.length + exponent, '0')}`;
}

/** A number as OpenMetrics writes label values such as `le` and `quantile`: shortest digits, always with a point or exponent. */
export function openMetricsFloat(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  const [digits = '', exponent] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 21) return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  const plain = formatFloat(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}
