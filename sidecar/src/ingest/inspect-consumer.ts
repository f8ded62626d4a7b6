/** What `doctor` tells of a durable stream: which consumer reads it, how it is acknowledged, and how far it is. Changes nothing. */
import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { consumerNames } from './consumer-plan.ts';
import { durableName } from './jetstream-setup.ts';
import type { StreamOptions } from './options.ts';
import { compileStream } from './stream.ts';

export async function inspectConsumer(connection: NatsConnection, options: StreamOptions): Promise<string> {
  const stream = options.jetstream?.stream ?? '';
  const manager = await jetstreamManager(connection);
  const found = await Promise.all(
    consumerNames(durableName(compileStream(options))).map((name) =>
      manager.consumers.info(stream, name).catch((error: unknown) => {
        // Neither stream nor consumer is an answer: a first start creates them.
        if (error instanceof JetStreamApiError && error.status === 404) return undefined;
        throw error;
      }),
    ),
  );
  const lines = found
    .filter((info) => info !== undefined)
    .map(({ name, config, num_pending: waiting, num_ack_pending: inFlight }) => {
      const way = config.ack_policy === 'all' ? 'all up to a message at once' : 'one by one';
      return `${stream} read by ${name}, acknowledged ${way}, ${waiting} messages wait, ${inFlight} in flight`;
    });
  return lines.length === 0 ? `${stream} has no consumer of ours yet: the first start makes it` : lines.join('; ');
}
