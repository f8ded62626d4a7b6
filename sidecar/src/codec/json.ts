/**
 * JSON payloads: one object, an array of objects, or one object per line (NDJSON), of the kind that the stream carries.
 * One bad item loses only itself. Never throws. Complexity: O(bytes).
 */
import type { Codec } from '../ports.ts';
import { ItemReader } from './item-reader.ts';
import { JsonEventWay } from './json-event.ts';
import { JsonFastWay } from './json-fast.ts';
import { maxBytesOf } from './limit.ts';
import { Fault, refuse, tooLarge } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { StampReader } from './stamp.ts';
import { textOf } from './text.ts';

/** An escaped surrogate, paired or not: such texts are made well-formed, so that equal labels stay equal in every store. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

export function jsonCodec(cache: SeriesCache): Codec {
  const stamp = new StampReader();
  const [metrics, events] = [new JsonFastWay(cache, stamp), new JsonEventWay(stamp)];
  return {
    name: 'json',
    decodeInto(payload, context, sink) {
      if (payload.length > maxBytesOf(context)) return refuse(tooLarge(payload, context), payload, sink);
      stamp.begin(context.receivedNanos);
      const fast = context.payloadKind === 'metric' ? metrics : events;
      if (fast.take(payload, context, sink)) return;
      const text = textOf(payload);
      if (text instanceof Fault) return refuse(text, payload, sink);
      const document = parse(text);
      if (document instanceof Fault && !text.includes('\n')) return refuse(document, payload, sink);
      const items = new ItemReader({ context, sink, stamp, cache, payload });
      if (document instanceof Fault) addLines(text, items);
      else if (Array.isArray(document)) for (const item of document) items.add(item);
      else items.add(document);
      items.problems.report(sink);
    },
  };
}

function addLines(text: string, items: ItemReader): void {
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const item = parse(line);
    if (item instanceof Fault) items.problems.add(item, line);
    else items.add(item, line);
  }
}

function parse(text: string): unknown {
  try {
    const document: unknown =
      text.includes('\\u') && ESCAPED_SURROGATE.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
    return document;
  } catch (error) {
    // RangeError: a reviver recurses, so hostile nesting with an escape in it ends here.
    return new Fault('syntax', `message is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).toString() : value;
}
