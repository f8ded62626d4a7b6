/** A configured stream as the pipeline meets it: how its messages are decoded, and its state. */
import type { DecodeContext, Envelope, SampleSink, Codec } from '../ports.ts';
import type { StreamPolicy, StreamState } from './stream-state.ts';

export interface PipelineStream {
  readonly policy: StreamPolicy;
  readonly payloadKind: DecodeContext['payloadKind'];
  /** Codec for a message's content type. */
  readonly codec: (contentType: string) => Codec;
  /** Labels that a message's subject yields, static labels included. */
  readonly labels: (message: Pick<Envelope, 'subject'>) => Readonly<Record<string, string>>;
}

export class StreamIntake {
  readonly state: StreamState;
  readonly #stream: PipelineStream;
  /** Of the last message: nearly every message is of the same type as the one before. */
  #contentType: string | undefined;
  #codec: Codec | undefined;

  constructor(stream: PipelineStream, state: StreamState) {
    this.#stream = stream;
    this.state = state;
  }

  decode(envelope: Envelope, sink: SampleSink): void {
    const { payload, contentType, receivedNanos, maxBytes } = envelope;
    if (this.#codec === undefined || contentType !== this.#contentType) {
      this.#codec = this.#stream.codec(contentType);
      this.#contentType = contentType;
    }
    const { payloadKind, labels } = this.#stream;
    const context = { payloadKind, labels: labels(envelope), receivedNanos };
    this.#codec.decodeInto(payload, maxBytes === undefined ? context : { ...context, maxBytes }, sink);
  }
}
