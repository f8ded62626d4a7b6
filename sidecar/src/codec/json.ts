/**
 * JSON payloads: one object, an array of objects, or one object per line (NDJSON), of the kind that the stream carries.
 * One bad item loses only itself. Never throws. Complexity: O(bytes).
 */
import type { Sample, TradingEvent } from '@tapewatch/core';
import type { Codec, Decoded, DecodeContext, DecodeProblem } from '../ports.ts';
import { decodeEvent } from './event.ts';
import type { LabelInterner } from './label-interner.ts';
import { MESSAGE_MAX_BYTES } from './limit.ts';
import { decodeMetric } from './metric.ts';
import { Fault, ProblemList } from './problem.ts';
import { textOf } from './text.ts';

const NONE: readonly never[] = [];
/** An escaped surrogate, paired or not: such texts are made well-formed, so that equal labels stay equal in every store. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

export function jsonCodec(interner: LabelInterner): Codec {
  return { name: 'json', decode: (payload, context) => decodeJson(payload, context, interner) };
}

function decodeJson(payload: Uint8Array, context: DecodeContext, interner: LabelInterner): Decoded {
  if (payload.length > MESSAGE_MAX_BYTES) {
    return failed(
      new Fault('too_large', `message has ${payload.length} bytes; at most ${MESSAGE_MAX_BYTES} are allowed`),
      payload,
    );
  }
  const text = textOf(payload);
  if (text instanceof Fault) return failed(text, payload);
  const document = parse(text);
  if (document instanceof Fault && !text.includes('\n')) return failed(document, payload);
  const batch = new BatchDecoder(context, interner, payload);
  if (document instanceof Fault) batch.addLines(text);
  else if (Array.isArray(document)) for (const item of document) batch.add(item);
  else if (context.payloadKind === 'metric') return single(document, payload, { context, interner });
  else batch.add(document);
  return batch.decoded();
}

/** The hot path: one metric, nothing allocated but the sample. */
function single(
  item: unknown,
  payload: Uint8Array,
  { context, interner }: { context: DecodeContext; interner: LabelInterner },
): Decoded {
  const sample = decodeMetric(item, context, interner);
  return sample instanceof Fault ? failed(sample, payload) : { samples: [sample], events: NONE, problems: NONE };
}

class BatchDecoder {
  readonly #samples: Sample[] = [];
  readonly #events: TradingEvent[] = [];
  readonly #problems = new ProblemList();
  readonly #context: DecodeContext;
  readonly #interner: LabelInterner;
  readonly #payload: Uint8Array;

  constructor(context: DecodeContext, interner: LabelInterner, payload: Uint8Array) {
    this.#context = context;
    this.#interner = interner;
    this.#payload = payload;
  }

  add(item: unknown, line?: string): void {
    const { payloadKind } = this.#context;
    if (payloadKind === 'metric') {
      const sample = decodeMetric(item, this.#context, this.#interner);
      if (sample instanceof Fault) this.#problems.add(sample, line ?? this.#excerptOf(item));
      else this.#samples.push(sample);
      return;
    }
    const event = decodeEvent(item, payloadKind, this.#context);
    if (event instanceof Fault) this.#problems.add(event, line ?? this.#excerptOf(item));
    else this.#events.push(event);
  }

  addLines(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const item = parse(line);
      if (item instanceof Fault) this.#problems.add(item, line);
      else this.add(item, line);
    }
  }

  decoded(): Decoded {
    return { samples: this.#samples, events: this.#events, problems: this.#problems.list() };
  }

  /** The item as text; the start of the message when it is nested too deeply to be written again. */
  #excerptOf(item: unknown): Uint8Array | string {
    try {
      return JSON.stringify(item);
    } catch {
      return this.#payload;
    }
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

function failed(fault: Fault, payload: Uint8Array): Decoded {
  const problems = new ProblemList();
  problems.add(fault, payload);
  return { samples: NONE, events: NONE, problems: problems.list() satisfies readonly DecodeProblem[] };
}
