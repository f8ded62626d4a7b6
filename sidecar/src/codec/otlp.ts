/**
 * OTLP, protobuf or JSON: `ExportMetricsServiceRequest` to samples, `ExportTraceServiceRequest` to spans (docs/wire.md,
 * "OTLP"). The stream's kind tells which of the two a message is. Never throws.
 */
import type { PayloadKind } from '@tapewatch/contract';
import type { Codec, DecodeContext, SampleSink } from '../ports.ts';
import { maxBytesOf } from './limit.ts';
import { putResources } from './otlp/convert.ts';
import { requestOfJson } from './otlp/json.ts';
import { requestOfProtobuf } from './otlp/protobuf.ts';
import { putSpans } from './otlp/span-convert.ts';
import { spansOfJson } from './otlp/span-json.ts';
import { spansOfProtobuf } from './otlp/span-protobuf.ts';
import { Fault, ProblemList, refuse, tooLarge } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { SeriesOutlet } from './series-outlet.ts';
import { textOf } from './text.ts';

const OPEN_OBJECT = 123;

type OtlpKind = Extract<PayloadKind, 'metric' | 'span'>;

/** `said`: what the message says to be, where it says so. */
export function otlpCodec(cache: SeriesCache, said?: OtlpKind): Codec {
  const outlet = new SeriesOutlet(cache);
  return {
    name: 'otlp',
    decodeInto(payload, context, sink) {
      const fault = precheck(payload, context, said) ?? decode(payload, context, { outlet, sink });
      if (fault !== undefined) refuse(fault, payload, sink);
    },
  };
}

function precheck(payload: Uint8Array, context: DecodeContext, said?: OtlpKind): Fault | undefined {
  const { payloadKind } = context;
  if (payloadKind !== 'metric' && payloadKind !== 'span') {
    return new Fault('content_type', `OTLP on a stream that carries ${payloadKind}: publish JSON`);
  }
  if (said !== undefined && said !== payloadKind) {
    return new Fault('content_type', `OTLP ${said}s on a stream that carries ${payloadKind}s`);
  }
  return payload.length > maxBytesOf(context) ? tooLarge(payload, context) : undefined;
}

interface Outlets {
  readonly outlet: SeriesOutlet;
  readonly sink: SampleSink;
}

function decode(payload: Uint8Array, context: DecodeContext, outlets: Outlets): Fault | undefined {
  try {
    return context.payloadKind === 'span'
      ? decodeSpans(payload, context, outlets.sink)
      : decodeMetrics(payload, context, outlets);
  } catch (error) {
    // pbf, JSON.parse and the strict text decoder throw on what they cannot read.
    const reason = error instanceof Error ? error.message : String(error);
    const what = context.payloadKind === 'span' ? 'traces' : 'metrics';
    return new Fault('syntax', `message of ${payload.length} bytes is not an OTLP ${what} request: ${reason}`);
  }
}

function decodeMetrics(payload: Uint8Array, context: DecodeContext, { outlet, sink }: Outlets): Fault | undefined {
  const resources = isJson(payload) ? fromJson(payload, requestOfJson) : requestOfProtobuf(payload);
  if (resources instanceof Fault) return resources;
  outlet.begin(context, sink);
  putResources(resources, outlet);
  outlet.end();
  return undefined;
}

function decodeSpans(payload: Uint8Array, context: DecodeContext, sink: SampleSink): Fault | undefined {
  const resources = isJson(payload) ? fromJson(payload, spansOfJson) : spansOfProtobuf(payload);
  if (resources instanceof Fault) return resources;
  const problems = new ProblemList();
  putSpans(resources, { context, sink, problems });
  problems.report(sink);
  return undefined;
}

/** Protobuf begins with the tag of its first field, which as text is a line feed: JSON may begin with other white space. */
function isJson(payload: Uint8Array): boolean {
  for (const byte of payload) if (byte !== 32 && byte !== 9 && byte !== 13) return byte === OPEN_OBJECT;
  return false;
}

function fromJson<T>(payload: Uint8Array, read: (document: unknown) => T): T | Fault {
  const text = textOf(payload);
  return text instanceof Fault ? text : read(JSON.parse(text));
}
