/** OTLP metrics, protobuf or JSON (an `ExportMetricsServiceRequest`), to samples (docs/wire.md, "OTLP"). Never throws. */
import type { DecodeContext, SampleSink, Codec } from '../ports.ts';
import { maxBytesOf } from './limit.ts';
import { putResources } from './otlp/convert.ts';
import { requestOfJson } from './otlp/json.ts';
import { requestOfProtobuf } from './otlp/protobuf.ts';
import { Fault, refuse, tooLarge } from './problem.ts';
import type { SeriesCache } from './series-cache.ts';
import { SeriesOutlet } from './series-outlet.ts';
import { textOf } from './text.ts';

const OPEN_OBJECT = 123;

export function otlpCodec(cache: SeriesCache): Codec {
  const outlet = new SeriesOutlet(cache);
  return {
    name: 'otlp',
    decodeInto(payload, context, sink) {
      const fault = precheck(payload, context) ?? decode(payload, context, { outlet, sink });
      if (fault !== undefined) refuse(fault, payload, sink);
    },
  };
}

function precheck(payload: Uint8Array, context: DecodeContext): Fault | undefined {
  if (context.payloadKind !== 'metric') {
    return new Fault('content_type', `OTLP metrics on a stream that carries ${context.payloadKind}: publish JSON`);
  }
  return payload.length > maxBytesOf(context) ? tooLarge(payload, context) : undefined;
}

function decode(
  payload: Uint8Array,
  context: DecodeContext,
  { outlet, sink }: { readonly outlet: SeriesOutlet; readonly sink: SampleSink },
): Fault | undefined {
  let resources;
  try {
    resources = isJson(payload) ? fromJson(payload) : requestOfProtobuf(payload);
  } catch (error) {
    // pbf, JSON.parse and the strict text decoder throw on what they cannot read.
    const reason = error instanceof Error ? error.message : String(error);
    return new Fault('syntax', `message of ${payload.length} bytes is not an OTLP metrics request: ${reason}`);
  }
  if (resources instanceof Fault) return resources;
  outlet.begin(context, sink);
  putResources(resources, outlet);
  outlet.end();
  return undefined;
}

/** Protobuf begins with the tag of its first field, which as text is a line feed: JSON may begin with other white space. */
function isJson(payload: Uint8Array): boolean {
  for (const byte of payload) if (byte !== 32 && byte !== 9 && byte !== 13) return byte === OPEN_OBJECT;
  return false;
}

function fromJson(payload: Uint8Array): ReturnType<typeof requestOfJson> | Fault {
  const text = textOf(payload);
  return text instanceof Fault ? text : requestOfJson(JSON.parse(text));
}
