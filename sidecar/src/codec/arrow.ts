/**
 * Arrow IPC streams to samples: the fast path for batches (docs/wire.md, "Arrow"). Schemas and dictionaries that were
 * seen before are recognised by their bytes; a row then costs a few additions and a look-up in a small table. A batch
 * with a fault in its structure is refused whole; a row with a bad value loses only itself.
 */
import type { DecodeContext, SampleSink, Codec } from '../ports.ts';
import { BatchReader } from './arrow/batch-reader.ts';
import { type Dictionary, DictionaryCache, TextNumbers } from './arrow/dictionaries.ts';
import { StreamWalker } from './arrow/ipc.ts';
import { type Layout, layoutOf } from './arrow/layout.ts';
import { LAYOUTS_MAX, PARTS_MAX } from './arrow/limit.ts';
import { maxBytesOf } from './limit.ts';
import { Fault, ProblemList, refuse, tooLarge } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';

export function arrowCodec(cache: SeriesCache): Codec {
  const decoder = new ArrowDecoder(cache);
  return { name: 'arrow', decodeInto: (payload, context, sink) => decoder.decode(payload, context, sink) };
}

class ArrowDecoder {
  readonly #walker = new StreamWalker();
  readonly #texts = new TextNumbers();
  readonly #reader: BatchReader;
  readonly #dictionaryCache = new DictionaryCache();
  /** By the bytes of the schema's message, as Latin-1 text. */
  readonly #layouts = new Map<string, Layout>();
  readonly #problems = new ProblemList();
  #nextDictionary = 1;

  constructor(cache: SeriesCache) {
    this.#reader = new BatchReader(cache, this.#walker, this.#texts);
  }

  decode(payload: Uint8Array, context: DecodeContext, sink: SampleSink): void {
    if (context.payloadKind !== 'metric') {
      const text = `Arrow carries metrics; this stream carries ${context.payloadKind}: publish JSON`;
      return refuse(new Fault('content_type', text), payload, sink);
    }
    if (payload.length > maxBytesOf(context)) return refuse(tooLarge(payload, context), payload, sink);
    let fault: Fault | undefined;
    try {
      fault = this.#decode(payload, context, sink);
    } catch (error) {
      // The flatbuffer classes and the schema's reader throw on what is not Arrow.
      const reason = error instanceof Error ? error.message : String(error);
      fault = new Fault('syntax', `message of ${payload.length} bytes is not an Arrow IPC stream: ${reason}`);
    }
    if (fault !== undefined) this.#problems.add(fault, payload);
    this.#problems.report(sink);
  }

  #decode(payload: Uint8Array, context: DecodeContext, sink: SampleSink): Fault | undefined {
    const walker = this.#walker;
    walker.begin(payload);
    const dictionaries = new Map<string, Dictionary>();
    let layout: Layout | undefined;
    for (let parts = 0; ; parts++) {
      const part = walker.next();
      if (part instanceof Fault) return part;
      if (part === undefined) return layout === undefined ? noSchema(payload) : undefined;
      if (parts >= PARTS_MAX) return new Fault('too_large', `message has more than ${PARTS_MAX} Arrow messages`);
      if (part === 'schema') {
        const known = this.#layout(payload);
        if (known instanceof Fault) return known;
        layout = known;
      } else if (layout === undefined) return noSchema(payload);
      const fault =
        part === 'dictionary'
          ? this.#dictionary(payload, layout, dictionaries)
          : part === 'batch'
            ? this.#reader.read(payload, { layout, dictionaries, context, sink, problems: this.#problems })
            : undefined;
      if (fault !== undefined) return fault;
    }
  }

  #layout(payload: Uint8Array): Layout | Fault {
    const { metadataFrom, bodyFrom } = this.#walker;
    const metadata = payload.subarray(metadataFrom, bodyFrom);
    const key = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length).toString('latin1');
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const layout = layoutOf(metadata);
    if (layout instanceof Fault) return layout;
    if (this.#layouts.size >= LAYOUTS_MAX) this.#layouts.delete(this.#layouts.keys().next().value as string);
    this.#layouts.set(key, layout);
    return layout;
  }

  #dictionary(payload: Uint8Array, layout: Layout, into: Map<string, Dictionary>): Fault | undefined {
    const { dictionaryId, bodyFrom, bodyTo, isDelta } = this.#walker;
    const offsetBytes = layout.dictionaries.get(dictionaryId);
    if (isDelta) return new Fault('schema', `dictionary ${dictionaryId} is a delta; send whole dictionaries`);
    // A dictionary of a column that is passed over.
    if (offsetBytes === undefined) return undefined;
    const bytes = payload.subarray(bodyFrom, bodyTo);
    const shape = this.#walker.shape();
    const hash = this.#dictionaryCache.hash(bytes);
    let dictionary = this.#dictionaryCache.find(bytes, shape, hash);
    if (dictionary === undefined) {
      const read = this.#reader.dictionary(payload, { offsetBytes, id: this.#nextDictionary++, shape });
      if (read instanceof Fault) return read;
      dictionary = read;
      this.#dictionaryCache.keep(read, hash);
    }
    into.set(dictionaryId, dictionary);
    return undefined;
  }
}

function noSchema(payload: Uint8Array): Fault {
  return new Fault('syntax', `message of ${payload.length} bytes is an Arrow IPC stream without a schema`);
}
