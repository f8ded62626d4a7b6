/**
 * MessagePack: the shapes of JSON, item by item the same checks. Integers past 2^53 and the format's own time become text,
 * so that a stamp in nanoseconds stays exact. The library's extensions that build other things than data are off.
 */
import { Unpackr } from 'msgpackr';
import type { Codec } from '../ports.ts';
import { ItemReader } from './item-reader.ts';
import { maxBytesOf } from './limit.ts';
import { Fault, refuse, tooLarge } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { StampReader } from './stamp.ts';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, moreTypes: false, int64AsType: 'bigint' });

export function msgpackCodec(cache: SeriesCache): Codec {
  const stamp = new StampReader();
  return {
    name: 'msgpack',
    decodeInto(payload, context, sink) {
      if (payload.length > maxBytesOf(context)) return refuse(tooLarge(payload, context), payload, sink);
      const document = unpack(payload);
      if (document instanceof Fault) return refuse(document, payload, sink);
      stamp.begin(context.receivedNanos);
      const items = new ItemReader({ context, sink, stamp, cache, payload });
      if (Array.isArray(document)) for (const item of document) items.add(plain(item));
      else items.add(plain(document));
      items.problems.report(sink);
    },
  };
}

function unpack(payload: Uint8Array): unknown {
  try {
    return unpackr.unpack(payload) as unknown;
  } catch (error) {
    // Truncated, nested past the stack, or of an unknown extension.
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault('syntax', `message of ${payload.length} bytes is not MessagePack: ${reason}`);
  }
}

/** What JSON has no word for, one level deep, where stamps, values and sequences stand. */
function plain(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const record = item as Record<string, unknown>;
  for (const key of Object.keys(record)) record[key] = plainValue(key, record[key]);
  return record;
}

function plainValue(key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
    if (key === 'value') return Number(value);
    return isSafe ? Number(value) : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'not a time' : value.toISOString();
  return key === 'value' && typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
