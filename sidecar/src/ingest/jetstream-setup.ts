/**
 * Sees to it that a stream and our durable consumer exist in JetStream as the settings say. NATS 2.9 is the oldest server:
 * one consumer for one filter. What exists already is used, never deleted; a conflict is an error that says how to end it.
 */
import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import type { JetstreamOptions } from './options.ts';
import type { CompiledStream } from './stream.ts';
import { subjectCovers } from './subject-pattern.ts';

const NANOS_PER_MS = 1_000_000;
/** Codes of the JetStream API (server/errors.json of nats-server). */
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;

export function durableName({ options }: CompiledStream): string {
  return options.jetstream?.durable ?? `tapewatch-${options.name}`;
}

/** A consumer, ready to be consumed from. */
export interface Subscribed {
  readonly consumer: Consumer;
  /** Names the log its sequences belong to: a stream that was deleted and made again counts from 1 again. */
  readonly log: string;
}

/** Rejects with `source.rejected` where waiting cannot help. */
export async function ensureConsumer(connection: NatsConnection, stream: CompiledStream): Promise<Subscribed> {
  const settings = settingsOf(stream);
  const manager = await managerOf(connection, stream);
  const info = (await findStream(manager, settings.stream)) ?? (await createStream(manager, stream, settings));
  checkSubjects(info, stream);
  await setUpConsumer(manager, stream, settings);
  const consumer = await jetstream(connection).consumers.get(settings.stream, durableName(stream));
  return { consumer, log: `${settings.stream}/${durableName(stream)}/${info.created}` };
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
    if (codeOf(error) === STREAM_NOT_FOUND) return undefined;
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

async function setUpConsumer(
  manager: JetStreamManager,
  stream: CompiledStream,
  settings: JetstreamOptions,
): Promise<void> {
  const name = durableName(stream);
  const wanted = { ack_wait: settings.ackWait * NANOS_PER_MS, max_ack_pending: settings.maxAckPending };
  try {
    const { config } = await manager.consumers.info(settings.stream, name);
    if (config.filter_subject !== stream.filter || config.ack_policy !== AckPolicy.Explicit) {
      const message = `stream "${stream.options.name}": consumer ${name} of ${settings.stream} reads ${config.filter_subject ?? 'all'} with ack ${config.ack_policy}, not ${stream.filter} with ack explicit; set another jetstream.durable, or delete it`;
      throw new TapewatchError('source.rejected', message);
    }
    if (config.ack_wait !== wanted.ack_wait || config.max_ack_pending !== wanted.max_ack_pending) {
      await manager.consumers.update(settings.stream, name, wanted);
    }
  } catch (error) {
    if (codeOf(error) !== CONSUMER_NOT_FOUND) throw error;
    await manager.consumers.add(settings.stream, {
      durable_name: name,
      filter_subject: stream.filter,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      max_deliver: -1,
      ...wanted,
    });
  }
}

function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}
