/**
 * Stamps of messages that are made before they are sent: a placeholder of the same width is encoded, and the time of
 * sending written over it.
 */

/** Stands for a stamp in nanoseconds; its bytes and digits occur in nothing else that a message holds. */
export const PLACEHOLDER = '1111111111111111111';
/** The same in milliseconds, for remote write, which has no finer ones. */
export const PLACEHOLDER_MS = Number(PLACEHOLDER.slice(0, 13));

/** How a format writes a stamp. Milliseconds take six bytes of seven bits each from 2004 to 2109. */
const FORMS = {
  digits: { bytes: 19, write: (nanos: bigint, to: Buffer) => void to.write(String(nanos), 'latin1') },
  int64: { bytes: 8, write: (nanos: bigint, to: Buffer) => void to.writeBigInt64LE(nanos) },
  bigEndian: { bytes: 8, write: (nanos: bigint, to: Buffer) => void to.writeBigInt64BE(nanos) },
  varintMs: { bytes: 6, write: (nanos: bigint, to: Buffer) => writeVarint(Number(nanos / 1_000_000n), to) },
} as const;

export type StampForm = keyof typeof FORMS;

export interface Stamped {
  readonly payload: Buffer;
  readonly form: StampForm;
  /** Where each stamp begins. */
  readonly stamps: readonly number[];
  /** Of a compressed message, where single bytes of its stamps stand: by the byte's number in the stamp. */
  readonly scattered?: readonly (readonly number[])[];
}

/** A stamp in all forms. */
export class Stamp {
  readonly #written = Object.fromEntries(
    Object.entries(FORMS).map(([form, { bytes }]) => [form, Buffer.alloc(bytes)]),
  ) as Record<StampForm, Buffer>;

  set(nanos: bigint): void {
    for (const form of Object.keys(FORMS) as StampForm[]) FORMS[form].write(nanos, this.#written[form]);
  }

  /** Writes the stamp into every place of a message. */
  putInto({ payload, form, stamps, scattered }: Stamped): void {
    const written = this.#written[form];
    for (const at of stamps) written.copy(payload, at);
    scattered?.forEach((places, byte) => {
      for (const at of places) payload[at] = written[byte] as number;
    });
  }
}

export function placeholderOf(form: StampForm): Buffer {
  const bytes = Buffer.alloc(FORMS[form].bytes);
  FORMS[form].write(BigInt(PLACEHOLDER), bytes);
  return bytes;
}

/** Where `bytes` stand, without overlaps. */
export function placesOf(bytes: Uint8Array, payload: Buffer): number[] {
  const places: number[] = [];
  for (let at = payload.indexOf(bytes); at >= 0; at = payload.indexOf(bytes, at + bytes.length)) places.push(at);
  return places;
}

function writeVarint(value: number, to: Buffer): void {
  let rest = value;
  for (let at = 0; at < to.length; at++) {
    to[at] = (rest % 128) + (at < to.length - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
}
