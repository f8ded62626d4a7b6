/** `ExportTraceServiceRequest` from protobuf. Throws on bytes that are no protobuf. Events and links of spans are skipped. */
import type { ProtobufReader } from '../protobuf/reader.ts';
import { emptySpan, type OtlpResourceSpans, type OtlpSpan } from './model.ts';
import { fixedTime, type Pairs, readAttribute, readResources } from './protobuf.ts';

export function spansOfProtobuf(bytes: Uint8Array): OtlpResourceSpans[] {
  return readResources(bytes, readSpan).map(({ attributes, parts }) => ({ attributes, spans: parts }));
}

function readSpan(reader: ProtobufReader): OtlpSpan {
  const span = emptySpan();
  const attributes: Pairs = [];
  reader.message((tag) => {
    if (tag === 1) span.traceId = hexOf(reader);
    else if (tag === 2) span.spanId = hexOf(reader);
    else if (tag === 4) span.parentSpanId = hexOf(reader);
    else if (tag === 5) span.name = reader.string();
    else if (tag === 6) span.kind = reader.varint();
    else if (tag === 7) span.start = fixedTime(reader);
    else if (tag === 8) span.end = fixedTime(reader);
    else if (tag === 9) readAttribute(reader, attributes);
    else if (tag === 15) readStatus(reader, span);
  });
  span.attributes = attributes;
  return span;
}

function readStatus(reader: ProtobufReader, span: OtlpSpan): void {
  reader.message((tag) => {
    if (tag === 2) span.statusMessage = reader.string();
    else if (tag === 3) span.status = reader.varint();
  });
}

function hexOf(reader: ProtobufReader): string {
  return Buffer.from(reader.bytes()).toString('hex');
}
