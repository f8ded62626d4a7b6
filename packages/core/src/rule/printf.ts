/** Go's `printf` as far as alert texts use it: `%s %v %d %f %e %g %q %%` with flags, width and precision. */
import { formatExponent, formatFixed, formatShortest, formatSignificant } from './go-format.ts';

const VERB = /%([-+0 ]*)(\d{0,3})(?:\.(\d{1,2}))?([a-zA-Z%]|$)/g;
const KNOWN_VERBS = 'svdfegq%';
/** Go's default precision of `%f` and `%e`. */
const DEFAULT_PRECISION = 6;

/** How many values the format takes, or what is wrong with it. */
export function countVerbs(format: string): number | string {
  let count = 0;
  for (const match of format.matchAll(VERB)) {
    const verb = match[4] ?? '';
    if (verb === '' || !KNOWN_VERBS.includes(verb)) {
      return `"${match[0]}" is not a known place; use %s, %v, %d, %f, %e, %g, %q or %%`;
    }
    if (verb !== '%') count += 1;
  }
  return count;
}

/** `values` must be as many as `countVerbs` tells. */
export function printf(format: string, values: readonly (string | number)[]): string {
  let next = 0;
  return format.replace(VERB, (...match) => {
    const [, flags, width, precision, verb] = match as unknown as [string, string, string, string | undefined, string];
    if (verb === '%') return '%';
    const text = formatVerb(verb, values[next++] ?? '', precision === undefined ? undefined : Number(precision));
    return pad(flags.includes('+') && /^\d/.test(text) ? `+${text}` : text, flags, Number(width));
  });
}

function formatVerb(verb: string, value: string | number, precision: number | undefined): string {
  if (verb === 'q') return JSON.stringify(typeof value === 'number' ? formatShortest(value) : value);
  if (verb === 's' || verb === 'v')
    return typeof value === 'number' ? formatNumber('g', value, precision) : cut(value, precision);
  const number = typeof value === 'number' ? value : value.trim() === '' ? NaN : Number(value);
  return Number.isNaN(number) && typeof value === 'string'
    ? `%!${verb}(string=${value})`
    : formatNumber(verb, number, precision);
}

function formatNumber(verb: string, value: number, precision: number | undefined): string {
  if (verb === 'd') return formatFixed(Math.trunc(value), 0);
  if (verb === 'f') return formatFixed(value, precision ?? DEFAULT_PRECISION);
  if (verb === 'e') return formatExponent(value, precision ?? DEFAULT_PRECISION);
  return precision === undefined ? formatShortest(value) : formatSignificant(value, precision);
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : text.slice(0, precision);
}

function pad(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || !/^[+-]?\d/.test(text)) return text.padStart(width);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
