/**
 * The content type and id of messages, without parsing the same header block again and again: publishers repeat one block, and
 * the client keeps the payload as a view right behind it. A block that is equal to the last one, byte by byte, yields the
 * last answer; anything else asks the client. Parsing a block costs about as much as the rest of a message's reception.
 */
import type { MsgHdrs } from '@nats-io/transport-node';

/** Longer blocks are not worth remembering. */
const BLOCK_BYTES_MAX = 512;
const HEADER = 'Content-Type';
const ID_HEADER = 'Nats-Msg-Id';
const VERSION_LINE = 'NATS/1.0\r\n';
const END = '\r\n\r\n';

interface Incoming {
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

export class ContentTypes {
  #block: Uint8Array = new Uint8Array(0);
  #type = '';
  #id = '';
  /** What was read at once holds many messages, and a view costs more than the comparison. */
  #buffer: ArrayBufferLike = this.#block.buffer;
  #bytes = this.#block;
  /** Of the message that was asked about last; empty when it has none. */
  messageId = '';

  /** Empty when the message names none. */
  of(message: Incoming): string {
    const { data } = message;
    if (this.#stands(data)) {
      this.messageId = this.#id;
      return this.#type;
    }
    const headers = message.headers;
    if (headers === undefined) {
      this.messageId = '';
      return '';
    }
    this.#type = headers.get(HEADER);
    this.#id = headers.get(ID_HEADER);
    this.messageId = this.#id;
    this.#block = blockBefore(data);
    return this.#type;
  }

  /** Do the bytes before the payload equal the remembered block? */
  #stands({ buffer, byteOffset }: Uint8Array): boolean {
    const block = this.#block;
    const start = byteOffset - block.length;
    if (block.length === 0 || start < 0) return false;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#bytes = new Uint8Array(buffer);
    }
    const bytes = this.#bytes;
    for (let i = block.length - 1; i >= 0; i--) if (bytes[start + i] !== block[i]) return false;
    return true;
  }
}

/** A copy of the header block before a payload; empty when it does not stand there whole. */
function blockBefore({ buffer, byteOffset }: Uint8Array): Uint8Array {
  const length = Math.min(byteOffset, BLOCK_BYTES_MAX);
  const before = Buffer.from(buffer, byteOffset - length, length);
  const start = before.lastIndexOf(VERSION_LINE, undefined, 'latin1');
  if (start < 0 || before.indexOf(END, start, 'latin1') !== length - END.length) return new Uint8Array(0);
  return Uint8Array.from(before.subarray(start));
}
