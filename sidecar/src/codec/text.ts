/** Bytes to text without losing a fault: invalid UTF-8 is a problem of the message, not a silent replacement sign. */
import { Fault } from './problem.ts';

const strict = new TextDecoder('utf-8', { fatal: true });

export function textOf(payload: Uint8Array): string | Fault {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const text = bytes.toString('utf8');
  // The fast decoder writes U+FFFD for what it cannot read; only a text that holds one pays for the strict one.
  if (text.includes('\uFFFD') && !isValid(bytes)) {
    return new Fault(
      'encoding',
      `message of ${bytes.length} bytes is not UTF-8; publish JSON and line protocol as UTF-8`,
    );
  }
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function isValid(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
