/**
 * Which consumer of JetStream is read, and from where. Where the server allows it, one that acknowledges everything up to a
 * message; each reading begins with nothing in flight, so an unclean end (a crash, a lost delivery) is followed by a new
 * consumer behind everything that was acknowledged. The two names `<durable>-a` and `<durable>-b` take turns: the new one
 * is made before the old one goes, so a crash in between loses no position. The explicit `<durable>` of earlier releases is
 * taken over the same way. Where that cannot be (work queues, missing rights, a setting) the explicit one is kept.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import type { JetstreamOptions } from './options.ts';

const NANOS_PER_MS = 1_000_000;
/** Codes of the JetStream API (server/errors.json of nats-server). */
const CONSUMER_NOT_FOUND = 10014;
const WORK_QUEUE_NEEDS_EXPLICIT = 10098;

export interface ConsumerPlan {
  readonly consumer: string;
  readonly acknowledge: 'prefix' | 'explicit';
  /** Why messages are acknowledged one by one; empty when they are not. */
  readonly note: string;
  /** Everything of the stream up to this log sequence is settled. */
  readonly settledThrough: number;
  /** The newest message that was delivered before, and the consumer's counter then. */
  readonly delivered: { readonly streamSequence: number; readonly consumerSequence: number };
}

export interface PlanRequest {
  readonly manager: JetStreamManager;
  /** Name of our durable consumer. */
  readonly name: string;
  /** Our own stream's name, for messages. */
  readonly stream: string;
  readonly filter: string;
  readonly settings: JetstreamOptions;
  /** What this process knows to be settled. A new consumer begins behind it, whatever the old ones say. */
  readonly settledThrough?: number;
}

/** The explicit consumer, then the two that acknowledge by prefix in turns. */
export function consumerNames(durable: string): [string, string, string] {
  return [durable, `${durable}-a`, `${durable}-b`];
}

export async function planConsumer(request: PlanRequest): Promise<ConsumerPlan> {
  const { name, settings } = request;
  const [own, ...turns] = consumerNames(name);
  const [explicit, ...prefixed] = await Promise.all([own, ...turns].map((each) => find(request, each)));
  check(request, explicit, AckPolicy.Explicit);
  for (const info of prefixed) check(request, info, AckPolicy.All);
  const existing = [explicit, ...prefixed].filter((info) => info !== undefined);
  const settledThrough = Math.max(request.settledThrough ?? 0, ...existing.map(floorOf));
  const keepExplicit = async (note: string): Promise<ConsumerPlan> => {
    const plan = await readExplicit(request, explicit, settledThrough);
    await removeAll(request, existing, name);
    return { ...plan, note };
  };
  if (settings.acknowledge === 'explicit') return keepExplicit('set by jetstream.acknowledge');
  const clean = prefixed.find((info) => isClean(info, settledThrough));
  if (clean !== undefined && request.settledThrough === undefined) {
    await takeSettings(request, clean);
    await removeAll(request, existing, clean.name);
    return planOf(clean, settledThrough);
  }
  try {
    return await beginAnew(request, { existing, turns, settledThrough });
  } catch (error) {
    const note = whyExplicit(error);
    if (note === undefined) throw error;
    return keepExplicit(note);
  }
}

async function find({ manager, settings }: PlanRequest, name: string): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(settings.stream, name);
  } catch (error) {
    if (codeOf(error) === CONSUMER_NOT_FOUND) return undefined;
    throw error;
  }
}

function check({ stream, filter, settings }: PlanRequest, info: ConsumerInfo | undefined, policy: AckPolicy): void {
  if (info === undefined) return;
  const { filter_subject: reads, ack_policy: ack } = info.config;
  if (reads === filter && ack === policy) return;
  const message = `stream "${stream}": consumer ${info.name} of ${settings.stream} reads ${reads ?? 'all'} with ack ${ack}, not ${filter} with ack ${policy}; set another jetstream.durable, or delete it`;
  throw new TapewatchError('source.rejected', message);
}

/** A consumer that was made to start behind a sequence has settled everything before by its making. */
function floorOf({ ack_floor: floor, config }: ConsumerInfo): number {
  return Math.max(floor.stream_seq, (config.opt_start_seq ?? 1) - 1);
}

/** Nothing in flight, and nobody else knows more. */
function isClean(info: ConsumerInfo | undefined, settledThrough: number): info is ConsumerInfo {
  return info !== undefined && info.num_ack_pending === 0 && floorOf(info) === settledThrough;
}

function planOf(info: ConsumerInfo, settledThrough: number): ConsumerPlan {
  const { stream_seq: streamSequence, consumer_seq: consumerSequence } = info.delivered;
  const acknowledge = info.config.ack_policy === AckPolicy.All ? 'prefix' : 'explicit';
  return {
    consumer: info.name,
    acknowledge,
    note: '',
    settledThrough,
    delivered: { streamSequence, consumerSequence },
  };
}

function configOf({ filter, settings }: PlanRequest, settledThrough: number): Partial<ConsumerConfig> {
  return {
    filter_subject: filter,
    max_deliver: -1,
    ack_wait: settings.ackWait * NANOS_PER_MS,
    max_ack_pending: settings.maxAckPending,
    ...(settledThrough === 0
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: settledThrough + 1 }),
  };
}

async function takeSettings(request: PlanRequest, { name, config }: ConsumerInfo): Promise<void> {
  const { settings, manager } = request;
  const wanted = { ack_wait: settings.ackWait * NANOS_PER_MS, max_ack_pending: settings.maxAckPending };
  if (config.ack_wait === wanted.ack_wait && config.max_ack_pending === wanted.max_ack_pending) return;
  await manager.consumers.update(settings.stream, name, wanted);
}

async function readExplicit(
  request: PlanRequest,
  explicit: ConsumerInfo | undefined,
  settledThrough: number,
): Promise<ConsumerPlan> {
  if (explicit !== undefined) {
    await takeSettings(request, explicit);
    return planOf(explicit, floorOf(explicit));
  }
  const { manager, settings, name } = request;
  const config = { durable_name: name, ack_policy: AckPolicy.Explicit, ...configOf(request, settledThrough) };
  await manager.consumers.add(settings.stream, config);
  return begun(name, 'explicit', settledThrough);
}

async function beginAnew(
  request: PlanRequest,
  {
    existing,
    turns,
    settledThrough,
  }: { existing: readonly ConsumerInfo[]; turns: readonly string[]; settledThrough: number },
): Promise<ConsumerPlan> {
  const { manager, settings } = request;
  const taken = (name: string): ConsumerInfo | undefined => existing.find((info) => info.name === name);
  // Of two, the one that knows less makes room; with one of them the new one takes the other name.
  const behind = [...turns].sort((a, b) => knowledgeOf(taken(a)) - knowledgeOf(taken(b)));
  const name = behind[0] as string;
  // Deleting what is not there changes nothing, and tells at once whether we may delete at all.
  await remove(request, name);
  const config = { durable_name: name, ack_policy: AckPolicy.All, ...configOf(request, settledThrough) };
  await manager.consumers.add(settings.stream, config);
  await removeAll(request, existing, name);
  return begun(name, 'prefix', settledThrough);
}

function knowledgeOf(info: ConsumerInfo | undefined): number {
  return info === undefined ? -1 : floorOf(info);
}

function begun(consumer: string, acknowledge: ConsumerPlan['acknowledge'], settledThrough: number): ConsumerPlan {
  const delivered = { streamSequence: settledThrough, consumerSequence: 0 };
  return { consumer, acknowledge, note: '', settledThrough, delivered };
}

async function removeAll(request: PlanRequest, existing: readonly ConsumerInfo[], keep: string): Promise<void> {
  for (const { name } of existing) if (name !== keep) await remove(request, name);
}

async function remove({ manager, settings }: PlanRequest, name: string): Promise<void> {
  try {
    await manager.consumers.delete(settings.stream, name);
  } catch (error) {
    if (codeOf(error) !== CONSUMER_NOT_FOUND) throw error;
  }
}

/** Undefined when the fault has nothing to do with the way of acknowledging. */
function whyExplicit(error: unknown): string | undefined {
  if (codeOf(error) === WORK_QUEUE_NEEDS_EXPLICIT) return 'a work queue allows no other way';
  // A refused request carries the refusal as its cause.
  const refusal = error instanceof Error ? error.cause : undefined;
  if (refusal instanceof errors.PermissionViolationError)
    return `our user may not ${refusal.operation} ${refusal.subject}; grant it for faster acknowledgement`;
  return undefined;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}
