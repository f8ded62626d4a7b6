import type { Clock, Envelope } from '../ports.ts';
import { HttpIntake, httpStreams } from './http-intake.ts';
import type { Pipeline } from './pipeline.ts';

const receipt = { accepted: 1, rejected: 0, problems: [] };

function intakeThatTells(): { intake: HttpIntake; taken: Partial<Envelope>[] } {
  const taken: Partial<Envelope>[] = [];
  const pipeline = {
    submit: async (message: Partial<Envelope>) => {
      taken.push(message);
      return receipt;
    },
    refuse: (message: Partial<Envelope>, problem: object) => void taken.push({ ...message, ...problem }),
  } as unknown as Pipeline;
  const clock: Clock = { now: () => 7n, every: () => () => undefined };
  return { intake: new HttpIntake(pipeline, clock), taken };
}

describe('HttpIntake', () => {
  it('hands the request on, its own bound included, to the stream of its kind', async () => {
    const { intake, taken } = intakeThatTells();
    const request = { subject: 'http:/x', contentType: 'application/json', payload: new Uint8Array(2), maxBytes: 16 };
    await expect(intake.submit({ ...request, payloadKind: 'metric' })).resolves.toBe(receipt);
    await intake.submit({ ...request, payloadKind: 'order' });
    expect(taken).toEqual([
      { ...request, stream: 'http', receivedNanos: 7n },
      { ...request, stream: 'http-order', receivedNanos: 7n },
    ]);
    const streams = httpStreams(7_200_000, () => ({ name: 'none', decodeInto: () => undefined }));
    expect(streams.map(({ name }) => name)).toEqual(expect.arrayContaining(['http', 'http-order']));
    expect(new Set(streams.map(({ latenessMs }) => latenessMs))).toEqual(new Set([7_200_000]));
  });

  it('tells the stream of its kind of what no codec can read', () => {
    const { intake, taken } = intakeThatTells();
    const body = { subject: 'http:/x', contentType: 'application/json', payload: new Uint8Array(2) };
    intake.refuse({ ...body, payloadKind: 'span' }, { reason: 'too_large', detail: 'a bomb' });
    expect(taken).toEqual([
      {
        ...{ ...body, stream: 'http-span', receivedNanos: 7n },
        ...{ reason: 'too_large', detail: 'a bomb', excerpt: body.payload },
      },
    ]);
  });
});
