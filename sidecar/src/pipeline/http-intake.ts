/** The way in for those who wait for an answer: one internal stream for each kind of payload, without labels of its own. */
import { PAYLOAD_KINDS } from '@tapewatch/contract';
import type { Clock, Codec, DecodeProblem, Intake, IntakeReceipt, IntakeRequest, RefusedRequest } from '../ports.ts';
import { internalStream, type ConfiguredStream } from './build-pipeline.ts';
import type { Pipeline } from './pipeline.ts';

export function httpStreams(latenessMs: number, codec: (contentType: string) => Codec): ConfiguredStream[] {
  return PAYLOAD_KINDS.map((payloadKind) => {
    const name = nameOf(payloadKind);
    return { ...internalStream(name), payloadKind, latenessMs, codec };
  });
}

export class HttpIntake implements Intake {
  readonly #pipeline: Pipeline;
  readonly #clock: Clock;

  constructor(pipeline: Pipeline, clock: Clock) {
    this.#pipeline = pipeline;
    this.#clock = clock;
  }

  submit({ payloadKind, ...message }: IntakeRequest): Promise<IntakeReceipt> {
    const stream = nameOf(payloadKind);
    return this.#pipeline.submit({ ...message, stream, receivedNanos: this.#clock.now() });
  }

  refuse({ payloadKind, ...message }: RefusedRequest, problem: Pick<DecodeProblem, 'reason' | 'detail'>): void {
    const envelope = { ...message, stream: nameOf(payloadKind), receivedNanos: this.#clock.now() };
    this.#pipeline.refuse(envelope, { ...problem, excerpt: message.payload });
  }
}

function nameOf(payloadKind: IntakeRequest['payloadKind']): string {
  return payloadKind === 'metric' ? 'http' : `http-${payloadKind}`;
}
