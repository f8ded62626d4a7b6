/**
 * Sees to it that a stream and our durable consumer exist in JetStream as the settings say. NATS 2.9 is the oldest server:
 * one consumer for one filter. The stream is used as it is, never changed; a conflict is an error that says how to end it.
 * Which consumer is read, and from where, is decided in consumer-plan.ts.
 */
import {
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import { type ConsumerPlan, planConsumer } from './consumer-plan.ts';
import type { JetstreamOptions } from './options.ts';
import type { CompiledStream } from './stream.ts';
import { subjectCovers } from './subject-pattern.ts';

const NANOS_PER_MS = 1_000_000;
/** Code of the JetStream API (server/errors.json of nats-server). */
const STREAM_NOT_FOUND = 10059;

/** A consumer, ready to be pulled from. */
export interface Subscribed extends ConsumerPlan {
  /** Name of the JetStream stream. */
  readonly stream: string;
  /** Names the log its sequences belong to: a stream that was deleted and made again counts from 1 again. */
  readonly log: string;
  readonly exists: () => Promise<boolean>;
}

/** What this process knows to be settled, in which log: more than the server may have heard of. */
export interface Settled {
  readonly log: string;
  readonly through: number;
}

export function durableName({ options }: CompiledStream): string {
  return options.jetstream?.durable ?? `tapewatch-${options.name}`;
}

/** Rejects with `source.rejected` where waiting cannot help. */
export async function ensureConsumer(
  connection: NatsConnection,
  stream: CompiledStream,
  settled?: Settled,
): Promise<Subscribed> {
  const settings = settingsOf(stream);
  const manager = await managerOf(connection, stream);
  const info = (await findStream(manager, settings.stream)) ?? (await createStream(manager, stream, settings));
  checkSubjects(info, stream);
  // The durable name stands in the log's name whatever the consumer is called: the store's positions go by it.
  const log = `${settings.stream}/${durableName(stream)}/${info.created}`;
  const plan = await planConsumer({
    manager,
    name: durableName(stream),
    stream: stream.options.name,
    filter: stream.filter,
    settings,
    ...(settled?.log === log ? { settledThrough: settled.through } : {}),
  });
  const exists = (): Promise<boolean> => consumerExists(manager, settings.stream, plan.consumer);
  return { ...plan, stream: settings.stream, log, exists };
}

function settingsOf({ options }: CompiledStream): JetstreamOptions {
  if (options.jetstream !== undefined) return options.jetstream;
  throw new TapewatchError('config.invalid', `stream "${options.name}": delivery jetstream needs jetstream.stream`);
}

async function managerOf(connection: NatsConnection, { options }: CompiledStream): Promise<JetStreamManager> {
  try {
    return await jetstreamManager(connection);
  } catch (cause) {
    // The library does not export this class.
    if (!(cause instanceof Error) || cause.name !== 'JetStreamNotEnabled') throw cause;
    const message = `stream "${options.name}": JetStream is not enabled on ${connection.getServer()}; start nats-server with -js, or set delivery: core`;
    throw new TapewatchError('source.rejected', message, { cause });
  }
}

async function findStream(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Rejects when there is no answer; "not there" is an answer. */
async function consumerExists(manager: JetStreamManager, stream: string, consumer: string): Promise<boolean> {
  try {
    await manager.consumers.info(stream, consumer);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return false;
    throw error;
  }
}

async function createStream(
  manager: JetStreamManager,
  { options, filter }: CompiledStream,
  { stream, ensureStream }: JetstreamOptions,
): Promise<StreamInfo> {
  if (ensureStream === undefined) {
    const message = `stream "${options.name}": JetStream has no stream ${stream}; create it with subjects ${filter}, or set jetstream.ensureStream`;
    throw new TapewatchError('source.rejected', message);
  }
  try {
    return await manager.streams.add({
      name: stream,
      subjects: ensureStream.subjects,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: ensureStream.maxAge * NANOS_PER_MS,
      max_bytes: ensureStream.maxBytes,
      duplicate_window: Math.min(ensureStream.duplicateWindow, ensureStream.maxAge || Infinity) * NANOS_PER_MS,
      num_replicas: ensureStream.replicas,
      storage: ensureStream.storage === 'file' ? StorageType.File : StorageType.Memory,
    });
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError)) throw cause;
    const message = `stream "${options.name}": JetStream cannot create ${stream}: ${cause.message}; create it by hand, or change jetstream.ensureStream`;
    throw new TapewatchError('source.rejected', message, { cause });
  }
}

function checkSubjects({ config }: StreamInfo, { options, filter }: CompiledStream): void {
  // A mirror or a sourced stream has no subjects of its own.
  if (config.subjects === undefined || config.subjects.length === 0) return;
  if (config.subjects.some((subject) => subjectCovers(subject, filter))) return;
  const message = `stream "${options.name}": JetStream stream ${config.name} captures ${config.subjects.join(', ')}, not ${filter}; add it with nats stream edit, or change the subject`;
  throw new TapewatchError('source.rejected', message);
}
