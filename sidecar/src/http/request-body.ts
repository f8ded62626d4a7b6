/**
 * Bodies of write requests: as they came, out of gzip, deflate or zstd, with a bound on what they may become
 * (PERFORMANCE.md 6, row 22). The bound is checked while unpacking, so a bomb costs no more memory than the bound. Snappy
 * is a matter of the format that uses it, and passes.
 */
import type { FastifyRequest } from 'fastify';
import { Decompress } from 'fzstd';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { TapewatchError } from '../errors.ts';

/** After decompression (DESIGN.md 9). */
export const UNPACKED_MAX_BYTES = 16_777_216;
/** The window of a zstd frame is memory that its header asks for. */
const ZSTD_WINDOW_MAX_BYTES = 8_388_608;
const ZSTD_MAGIC = 0xfd2fb528;

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);

/** How a body is packed; `identity`: not at all. */
export function encodingOf(headers: FastifyRequest['headers']): string {
  return (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
}

/** Throws `intake.too_large`, `intake.encoding` or `query.invalid`. */
export async function bodyOf({ body, headers }: FastifyRequest): Promise<Buffer> {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new TapewatchError('query.invalid', 'the request has no body; send the samples in it');
  }
  const encoding = encodingOf(headers);
  try {
    switch (encoding) {
      case 'identity':
      case 'snappy':
      case '':
        return body;
      case 'gzip':
      case 'x-gzip':
        return await gunzip(body, { maxOutputLength: UNPACKED_MAX_BYTES });
      case 'deflate':
        return await inflate(body, { maxOutputLength: UNPACKED_MAX_BYTES });
      case 'zstd':
        return unpackZstd(body);
    }
  } catch (cause) {
    if (cause instanceof TapewatchError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(encoding);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapewatchError('query.invalid', `the body is not ${encoding}, as Content-Encoding says: ${reason}`, {
      cause,
    });
  }
  throw new TapewatchError(
    'intake.encoding',
    `Content-Encoding ${JSON.stringify(encoding.slice(0, 60))} is not read; use gzip, deflate, zstd or snappy`,
  );
}

/** One frame, in pieces, so that output past the bound ends it. */
function unpackZstd(body: Buffer): Buffer {
  checkZstdHeader(body);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((piece) => {
    length += piece.length;
    if (length > UNPACKED_MAX_BYTES) throw tooLarge('zstd');
    pieces.push(piece.slice());
  });
  const step = 65_536;
  for (let at = 0; at < body.length; at += step) stream.push(body.subarray(at, at + step), at + step >= body.length);
  return Buffer.concat(pieces);
}

/** RFC 8878, 3.1.1: the decoder takes memory for the window before it has seen any data. */
function checkZstdHeader(body: Buffer): void {
  if (body.length < 6 || body.readUInt32LE(0) !== ZSTD_MAGIC) throw new Error('no zstd frame');
  const descriptor = body[4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const window = isSingleSegment ? contentSize(body, descriptor) : windowSize(body[5] as number);
  if (window > (isSingleSegment ? UNPACKED_MAX_BYTES : ZSTD_WINDOW_MAX_BYTES)) throw tooLarge('zstd');
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(body: Buffer, descriptor: number): number {
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  const width = [1, 2, 4, 8][descriptor >> 6] as number;
  if (body.length < at + width) throw new Error('the frame ends in its header');
  if (width === 8) return Number(body.readBigUInt64LE(at));
  return width === 2 ? body.readUInt16LE(at) + 256 : body.readUIntLE(at, width);
}

function tooLarge(encoding: string): TapewatchError {
  return new TapewatchError(
    'intake.too_large',
    `the body has more than ${UNPACKED_MAX_BYTES} bytes after ${encoding}; send smaller batches`,
  );
}
