/** The sidecar is ready as soon as it is connected, and makes the broker's streams after that: what is published before is lost. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { until } from './panel.ts';

/** Until the streams, each by the subject that it takes, are there. */
export async function untilTaken(connection: NatsConnection, ...subjects: readonly string[]): Promise<void> {
  const manager = await jetstreamManager(connection);
  await until(async () => {
    const streams = await Promise.all(subjects.map((subject) => manager.streams.find(subject).catch(() => undefined)));
    return !streams.includes(undefined);
  });
}
