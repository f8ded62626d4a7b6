/**
 * The number functions of Prometheus's templates. Source: prometheus/prometheus, template/template.go (`humanize`,
 * `humanize1024`, `humanizeDuration`, `humanizePercentage`): four significant digits, NaN and infinities by name.
 */
import { formatSignificant } from './go-format.ts';

const DIGITS = 4;
const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];

/** SI prefixes, powers of 1,000. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return short(value);
  return Math.abs(value) >= 1 ? scaleDown(value, 1000, LARGE) : scaleUp(value);
}

/** IEC prefixes, powers of 1,024. */
export function humanize1024(value: number): string {
  return Math.abs(value) <= 1 || !Number.isFinite(value) ? short(value) : scaleDown(value, 1024, BINARY);
}

/** A number of seconds as `1d 2h 3m 4s`, below a second with an SI prefix. */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds);
  if (seconds === 0) return '0s';
  if (Math.abs(seconds) < 1) return `${scaleUp(seconds)}s`;
  const sign = seconds < 0 ? '-' : '';
  const whole = Math.trunc(Math.abs(seconds));
  const [s, m, h, d] = [
    whole % 60,
    Math.trunc(whole / 60) % 60,
    Math.trunc(whole / 3600) % 24,
    Math.trunc(whole / 86400),
  ];
  if (d > 0) return `${sign}${d}d ${h}h ${m}m ${s}s`;
  if (h > 0) return `${sign}${h}h ${m}m ${s}s`;
  if (m > 0) return `${sign}${m}m ${s}s`;
  return `${sign}${short(Math.abs(seconds))}s`;
}

/** A ratio in percent. */
export function humanizePercentage(ratio: number): string {
  return `${short(ratio * 100)}%`;
}

function short(value: number): string {
  return formatSignificant(value, DIGITS);
}

function scaleDown(value: number, base: number, prefixes: readonly string[]): string {
  let rest = value;
  let prefix = '';
  for (const candidate of prefixes) {
    if (Math.abs(rest) < base) break;
    prefix = candidate;
    rest /= base;
  }
  return short(rest) + prefix;
}

function scaleUp(value: number): string {
  let rest = value;
  let prefix = '';
  for (const candidate of SMALL) {
    if (Math.abs(rest) >= 1) break;
    prefix = candidate;
    rest *= 1000;
  }
  return short(rest) + prefix;
}
