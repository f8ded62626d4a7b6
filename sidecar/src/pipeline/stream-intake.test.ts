import type { DecodeContext, Envelope, SampleSink } from '../ports.ts';
import { StreamIntake } from './stream-intake.ts';
import { StreamState } from './stream-state.ts';

const policy = { name: 's', watermarkDelayMs: 0, idleDelayMs: 0, maxLatenessMs: 0, maxFutureMs: 0 };
const message: Envelope = {
  stream: 's',
  subject: 'a',
  payload: new Uint8Array(1),
  contentType: 'x',
  receivedNanos: 1n,
};

it('tells the codec how long a payload the way in allows, and nothing where it names no bound', () => {
  const contexts: DecodeContext[] = [];
  const intake = new StreamIntake(
    {
      policy,
      payloadKind: 'metric',
      codec: () => ({ name: 'test', decodeInto: (_payload, context) => void contexts.push(context) }),
      labels: () => ({}),
    },
    new StreamState(policy, 0),
  );
  intake.decode({ ...message, maxBytes: 16 }, {} as SampleSink);
  intake.decode(message, {} as SampleSink);
  expect(contexts.map(({ maxBytes }) => maxBytes)).toEqual([16, undefined]);
});
