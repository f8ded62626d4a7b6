/**
 * Times of the wire without BigInt: a stamp is whole seconds since 1970 and the nanoseconds within that second, two exact
 * doubles (docs/wire.md, "Time"). Text of digits is exact, a number's unit is told by its size, RFC 3339 keeps nine
 * decimals. Bounds: 1970-01-01 to 2262-04-11, and one hour after receipt. The result stands in the reader: no allocation.
 */
import { FUTURE_MAX_SECONDS } from './limit.ts';
import { Fault, shown } from './problem.ts';

const EXPECTED = 'expected digits of nanoseconds, RFC 3339 with zone, or a number since 1970';
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DIGITS = /^\d{1,19}$/;
/** The last stamp of a signed 64-bit integer of nanoseconds. */
const MAX_SECONDS = 9_223_372_036;
const MAX_SECOND_NANOS = 854_775_807;
const DIGITS_MAX = 19;
const ZERO = 48;

const WORD = 2 ** 32;
const whole = new BigInt64Array(1);
const words = new Uint32Array(whole.buffer);

export type NanosPerUnit = 1 | 1_000 | 1_000_000 | 1_000_000_000;

export class StampReader {
  seconds = 0;
  nanos = 0;
  /** Receipt, good to a microsecond: enough to tell what is clearly not in the future. */
  #receivedSeconds = 0;
  #receivedNanos = 0n;
  /** The receipt as a stamp; seconds below 0 until a sample asks for it. */
  #receiptSeconds = -1;
  #receiptNanos = 0;

  /** Begins a message. */
  begin(receivedNanos: bigint): void {
    // Messages that were read at once share their stamp, and a BigInt is dear to convert.
    if (receivedNanos === this.#receivedNanos) return;
    this.#receivedNanos = receivedNanos;
    this.#receivedSeconds = Number(receivedNanos) / 1e9;
    this.#receiptSeconds = -1;
  }

  /** The time of receipt itself. */
  receipt(): void {
    if (this.#receiptSeconds < 0) {
      this.#receiptSeconds = Number(this.#receivedNanos / 1_000_000_000n);
      this.#receiptNanos = Number(this.#receivedNanos % 1_000_000_000n);
    }
    this.seconds = this.#receiptSeconds;
    this.nanos = this.#receiptNanos;
  }

  /** What `parse` does, for digits that stand in bytes; false when they are no time within the bounds. */
  digits(bytes: Uint8Array, from: number, to: number): boolean {
    if (to <= from || to - from > DIGITS_MAX) return false;
    const split = to - 9;
    let seconds = 0;
    let at = from;
    for (; at < split; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return false;
      seconds = seconds * 10 + digit;
    }
    let nanos = 0;
    for (; at < to; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return false;
      nanos = nanos * 10 + digit;
    }
    this.seconds = seconds;
    this.nanos = nanos;
    return this.#withinBounds() && !this.#isFuture();
  }

  /** A number whose unit its size tells; false when it is no time within the bounds. */
  number(value: number): boolean {
    return this.#fromNumber(value) && this.#withinBounds() && !this.#isFuture();
  }

  /** Whole units of 10^-9 s times `nanosPerUnit`, as binary formats carry them; `units` must be a safe integer. */
  units(units: number, nanosPerUnit: NanosPerUnit): boolean {
    const perSecond = 1_000_000_000 / nanosPerUnit;
    const rest = units % perSecond;
    this.seconds = (units - rest) / perSecond;
    this.nanos = rest * nanosPerUnit;
    return units >= 0 && this.#withinBounds() && !this.#isFuture();
  }

  /** Nanoseconds as the two halves of an unsigned 64-bit integer. */
  halves(high: number, low: number): boolean {
    // 2^32 = 4 * 10^9 + 294,967,296, so each step stays an exact double.
    const fromHigh = high * 294_967_296;
    const rest = (fromHigh % 1e9) + low;
    const nanos = rest % 1e9;
    this.seconds = high * 4 + Math.floor(fromHigh / 1e9) + Math.floor(rest / 1e9);
    this.nanos = nanos;
    return this.#withinBounds() && !this.#isFuture();
  }

  /** Reads a JSON value; undefined when it is good. */
  parse(value: string | number): Fault | undefined {
    const read =
      typeof value === 'number'
        ? this.#fromNumber(value)
        : DIGITS.test(value)
          ? this.#fromDigits(value)
          : this.#fromRfc3339(value);
    return read ? this.check(value) : new Fault('time', `time ${shown(value)}: ${EXPECTED}`);
  }

  /** Whether the present stamp lies within the bounds; `value` is what is shown if not. */
  check(value: unknown): Fault | undefined {
    if (!this.#withinBounds()) return new Fault('time', `time ${shown(value)}: ${EXPECTED}`);
    if (!this.#isFuture()) return undefined;
    const ahead = Math.floor(this.seconds - this.#receivedSeconds);
    return new Fault(
      'time_future',
      `time ${shown(value)} is ${ahead} s ahead of its receipt; at most ${FUTURE_MAX_SECONDS} s are allowed`,
    );
  }

  /** Made of two 32-bit words: a product of BigInts would allocate four times. */
  toNanos(): bigint {
    // seconds = a * 2^16 + b, so that both products stay below 2^53.
    const a = Math.floor(this.seconds / 65_536);
    const high = a * 1e9;
    const sum = (high % 65_536) * 65_536 + (this.seconds - a * 65_536) * 1e9 + this.nanos;
    words[0] = sum % WORD;
    words[1] = Math.floor(high / 65_536) + Math.floor(sum / WORD);
    return whole[0] as bigint;
  }

  #withinBounds(): boolean {
    const { seconds, nanos } = this;
    return seconds >= 0 && (seconds < MAX_SECONDS || (seconds === MAX_SECONDS && nanos <= MAX_SECOND_NANOS));
  }

  #isFuture(): boolean {
    // Far from the bound the double decides; near it the integers do.
    const ahead = this.seconds - this.#receivedSeconds - FUTURE_MAX_SECONDS;
    if (ahead < -2) return false;
    return ahead > 2 || this.toNanos() - this.#receivedNanos > BigInt(FUTURE_MAX_SECONDS) * 1_000_000_000n;
  }

  #fromDigits(text: string): boolean {
    const split = Math.max(0, text.length - 9);
    this.seconds = Number(text.slice(0, split));
    this.nanos = Number(text.slice(split));
    return true;
  }

  #fromNumber(value: number): boolean {
    if (!(value >= 0 && value <= 9.2e18)) return false;
    if (value < 1e11) this.#scaled(value, 1, 1e9);
    else if (value < 1e14) this.#scaled(value, 1e3, 1e6);
    else if (value < 1e17) this.#scaled(value, 1e6, 1e3);
    else this.#scaled(Math.trunc(value), 1e9, 1);
    return true;
  }

  /** Whole units exactly, the decimals to the nearest nanosecond: one product of doubles would lose the last digits. */
  #scaled(value: number, perSecond: number, nanosPerUnit: number): void {
    const whole = Math.trunc(value);
    const rest = whole % perSecond;
    const nanos = rest * nanosPerUnit + Math.round((value - whole) * nanosPerUnit);
    // A remainder is exact; the quotient is a whole number, so rounding takes away what the difference lost above 2^53.
    const seconds = Math.round((whole - rest) / perSecond);
    this.seconds = nanos >= 1e9 ? seconds + 1 : seconds;
    this.nanos = nanos >= 1e9 ? nanos - 1e9 : nanos;
  }

  #fromRfc3339(text: string): boolean {
    const match = RFC3339.exec(text);
    if (match === null) return false;
    const part = (index: number): number => Number(match[index] ?? 0);
    const [year, month, day] = [part(1), part(2), part(3)];
    const [hour, minute, second] = [part(4), part(5), part(6)];
    const date = new Date(Date.UTC(year, month - 1, day));
    // Date.UTC rolls 31 June over to 1 July; a stamp that names no day is refused instead. Second 60 is a leap second.
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return false;
    if (hour > 23 || minute > 59 || second > 60) return false;
    const [offsetHour, offsetMinute] = [part(9), part(10)];
    if (offsetHour > 23 || offsetMinute > 59) return false;
    const offset = (offsetHour * 3600 + offsetMinute * 60) * (match[8] === '-' ? -1 : 1);
    this.seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
    this.nanos = Number((match[7] ?? '').padEnd(9, '0'));
    return true;
  }
}
