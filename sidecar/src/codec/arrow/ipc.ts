/**
 * The frames of an Arrow IPC stream (Arrow columnar format, "Encapsulated message format") and the places of a batch's
 * buffers, read with the format's own generated flatbuffer classes. `RecordBatchReader` would build a schema, vectors and
 * dictionaries anew for each message, which costs more than all else together (125 us a message, measured).
 * Every position is checked against the message before it is used.
 */
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Buffer as FlatBuffer } from 'apache-arrow/fb/buffer';
import { FieldNode } from 'apache-arrow/fb/field-node';
import { ByteBuffer } from 'flatbuffers';
import { Fault } from '../problem.ts';

const CONTINUATION = -1;
const TWO_TO_32 = 4_294_967_296;

export type PartKind = 'schema' | 'dictionary' | 'batch' | 'other';

/** Walks the messages of a stream; its fields describe the present one. */
export class StreamWalker {
  kind: PartKind = 'other';
  /** Where the message begins, its metadata, and its body. */
  from = 0;
  metadataFrom = 0;
  bodyFrom = 0;
  bodyTo = 0;
  dictionaryId = '';
  readonly batch = new RecordBatch();
  readonly #message = new Message();
  readonly #dictionary = new DictionaryBatch();
  readonly #node = new FieldNode();
  readonly #buffer = new FlatBuffer();
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
  }

  /** The next message; undefined at the end. */
  next(): PartKind | Fault | undefined {
    const view = this.#view;
    let at = this.#at;
    if (at + 4 > view.byteLength) return at === view.byteLength ? undefined : truncated(view.byteLength);
    this.from = at;
    let length = view.getInt32(at, true);
    at += 4;
    // Before version 1.0 of the format there was no continuation mark.
    if (length === CONTINUATION) {
      if (at + 4 > view.byteLength) return truncated(view.byteLength);
      length = view.getInt32(at, true);
      at += 4;
    }
    if (length === 0) return undefined;
    if (length < 8 || at + length > view.byteLength) return truncated(view.byteLength);
    this.metadataFrom = at;
    this.bodyFrom = at + length;
    return this.#describe(this.#bytes.subarray(at, at + length));
  }

  #describe(metadata: Uint8Array): PartKind | Fault {
    const message = Message.getRootAsMessage(new ByteBuffer(metadata), this.#message);
    const bodyLength = Number(message.bodyLength());
    this.bodyTo = this.bodyFrom + bodyLength;
    if (!(bodyLength >= 0 && this.bodyTo <= this.#bytes.length)) return truncated(this.#bytes.length);
    this.#at = this.bodyTo;
    this.kind = this.#header(message);
    return this.kind;
  }

  #header(message: Message): PartKind {
    switch (message.headerType()) {
      case MessageHeader.Schema:
        return 'schema';
      case MessageHeader.RecordBatch:
        return message.header(this.batch) === null ? 'other' : 'batch';
      case MessageHeader.DictionaryBatch: {
        if (message.header(this.#dictionary) === null || this.#dictionary.data(this.batch) === null) return 'other';
        this.dictionaryId = String(this.#dictionary.id());
        return 'dictionary';
      }
      default:
        return 'other';
    }
  }

  get isDelta(): boolean {
    return this.#dictionary.isDelta();
  }

  /** Rows that a column claims to have, -1 when there is no such column. */
  rows(column: number): number {
    if (column >= this.batch.nodesLength()) return -1;
    const node = this.batch.nodes(column, this.#node);
    return node === null ? -1 : int64(node.bb as ByteBuffer, node.bb_pos);
  }

  nullCount(column: number): number {
    const node = this.batch.nodes(column, this.#node);
    return node === null ? 0 : int64(node.bb as ByteBuffer, node.bb_pos + 8);
  }

  /** Length, nulls and buffers of the first column in one text. */
  shape(): string {
    const place = { from: 0, to: 0 };
    let shape = `${this.rows(0)} ${this.nullCount(0)}`;
    for (let buffer = 0; buffer < 3; buffer++) if (this.place(buffer, place)) shape += ` ${place.from}-${place.to}`;
    return shape;
  }

  /** Where a buffer lies in the body; false when it is not within it. */
  place(index: number, into: { from: number; to: number }): boolean {
    const buffer = index < this.batch.buffersLength() ? this.batch.buffers(index, this.#buffer) : null;
    if (buffer === null) return false;
    const from = int64(buffer.bb as ByteBuffer, buffer.bb_pos);
    const length = int64(buffer.bb as ByteBuffer, buffer.bb_pos + 8);
    into.from = from;
    into.to = from + length;
    return from >= 0 && length >= 0 && into.to <= this.bodyTo - this.bodyFrom;
  }
}

/** As a double: a length past 2^53 fails its check all the same. */
function int64(bytes: ByteBuffer, at: number): number {
  return bytes.readInt32(at + 4) * TWO_TO_32 + bytes.readUint32(at);
}

function truncated(length: number): Fault {
  return new Fault('syntax', `message of ${length} bytes is not a whole Arrow IPC stream`);
}
