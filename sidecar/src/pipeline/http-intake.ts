/** The way in for those who wait for an answer: one internal stream for each kind of payload, without labels of its own. */
import { PAYLOAD_KINDS } from '@tapewatch/contract';
import type { Clock, Intake, IntakeReceipt, IntakeRequest, Codec } from '../ports.ts';
import { internalStream, type ConfiguredStream } from './build-pipeline.ts';
import type { Pipeline } from './pipeline.ts';

/** Longest request body after decompression; what the way in itself allows is less. */
const MAX_BYTES = 64 * 1_048_576;

export function httpStreams(codec: (contentType: string) => Codec): ConfiguredStream[] {
  return PAYLOAD_KINDS.map((payloadKind) => {
    const name = nameOf(payloadKind);
    return { ...internalStream(name), payloadKind, codec, maxBytes: MAX_BYTES };
  });
}

export class HttpIntake implements Intake {
  readonly #pipeline: Pipeline;
  readonly #clock: Clock;

  constructor(pipeline: Pipeline, clock: Clock) {
    this.#pipeline = pipeline;
    this.#clock = clock;
  }

  submit({ subject, payloadKind, contentType, payload }: IntakeRequest): Promise<IntakeReceipt> {
    const stream = nameOf(payloadKind);
    return this.#pipeline.submit({ stream, subject, contentType, payload, receivedNanos: this.#clock.now() });
  }
}

function nameOf(payloadKind: IntakeRequest['payloadKind']): string {
  return payloadKind === 'metric' ? 'http' : `http-${payloadKind}`;
}
