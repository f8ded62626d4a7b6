/**
 * Settings of the way in: the connection to NATS, and the streams that map subjects to payload kinds, codecs and labels.
 * The defaults are the table of docs/wire.md, "Subjects". Durations are written as `5m` and are milliseconds once parsed.
 */
import { CARRIED_BY_CODEC, CODEC_SETTINGS, LABEL_NAME_PATTERN, PAYLOAD_KINDS } from '@tapewatch/contract';
import { z } from 'zod';
import { durationSetting } from './duration.ts';
import { compileSubjectPattern } from './subject-pattern.ts';

const secret = z.string().min(1).meta({ secret: true });
const file = z.string().min(1);

export const tlsOptions = z
  .strictObject({
    caFile: file.optional().describe('certificates that may sign the server; default: those of the system'),
    certFile: file.optional().describe('our certificate, when the server verifies clients'),
    keyFile: file.optional().describe('the key of our certificate'),
    handshakeFirst: z.boolean().default(false).describe('TLS before the greeting, when the server is set so'),
  })
  .refine((tls) => (tls.certFile === undefined) === (tls.keyFile === undefined), 'certFile and keyFile go together');

const serverUrl = z
  .string()
  .regex(/^(?:(?:nats|tls):\/\/)?[^\s/@]+$/, 'must be nats://host:port or tls://host:port, without credentials in it');

export const natsOptions = z
  .strictObject({
    servers: z
      .array(serverUrl)
      .min(1)
      .default(['nats://127.0.0.1:4222'])
      .describe('any of them; the cluster tells the rest'),
    name: z.string().min(1).default('tapewatch').describe('how we show in the list of connections'),
    user: z.string().min(1).optional(),
    password: secret.optional(),
    token: secret.optional(),
    nkeySeed: secret.optional().describe('begins with SU'),
    credentialsFile: file.optional().describe('as written by nsc; read again at each connect'),
    tls: tlsOptions.optional(),
    queueGroup: z.string().min(1).optional().describe('sidecars with the same group share the messages of core NATS'),
    waitForServer: z
      .boolean()
      .default(true)
      .describe('false: end when no server answers or it refuses us at the start'),
    pullBatch: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(1_000)
      .describe('messages of one pull from JetStream; up to four pulls are out at once'),
    pingInterval: durationSetting
      .prefault('8s')
      .describe('a server that leaves two pings unanswered is given up after three of these'),
    reconnectWait: durationSetting.prefault('500ms').describe('between attempts; as much again at random'),
  })
  .superRefine((nats, context) => {
    if ((nats.user === undefined) !== (nats.password === undefined)) {
      context.addIssue({ code: 'custom', path: ['password'], message: 'user and password go together' });
    }
    const ways = (['user', 'token', 'nkeySeed', 'credentialsFile'] as const).filter((way) => nats[way] !== undefined);
    if (ways.length > 1) {
      context.addIssue({
        code: 'custom',
        path: [ways[1] as string],
        message: `one way to authenticate, not ${ways.join(' and ')}`,
      });
    }
  });

/** Names of streams and consumers in JetStream. */
const jetstreamName = z.string().regex(/^[^\s.*>/\\]{1,128}$/, 'must not hold white space, ".", "*", ">", "/" or "\\"');

export const ensureStreamOptions = z.strictObject({
  subjects: z.array(z.string().min(1)).min(1).describe('that the stream captures'),
  maxAge: durationSetting.prefault('24h'),
  maxBytes: z.number().int().min(-1).default(-1).describe('-1: no limit'),
  duplicateWindow: durationSetting.prefault('2m').describe('in which a repeated Nats-Msg-Id is dropped'),
  replicas: z.number().int().min(1).max(5).default(1),
  storage: z.enum(['file', 'memory']).default('file'),
});

export const jetstreamOptions = z.strictObject({
  stream: jetstreamName.describe('name of the JetStream stream'),
  durable: jetstreamName.optional().describe('name of our consumer; default: tapewatch-<stream name>'),
  ensureStream: ensureStreamOptions.optional().describe('create the stream if it does not exist'),
  acknowledge: z
    .enum(['auto', 'explicit'])
    .default('auto')
    .describe('auto: all up to a message at once, where the server allows it; explicit: each message'),
  maxAckPending: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(50_000)
    .describe('messages delivered and not yet stored; then pulling pauses'),
  maxPendingBytes: z
    .number()
    .int()
    .min(1_048_576)
    .max(4_294_967_296)
    .default(67_108_864)
    .describe('bytes delivered and not yet stored; then pulling pauses'),
  ackWait: durationSetting.prefault('5s').describe('after a crash, what was in flight is delivered again after this'),
});

export const streamOptions = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, 'must match [a-z][a-z0-9_-]{0,63}'),
    subject: z
      .string()
      .min(1)
      .describe('pattern; {name} makes a label of a token, {name?} of a last one that may be missing'),
    payload: z.enum(PAYLOAD_KINDS).default('metric'),
    codec: z.enum(CODEC_SETTINGS).default('auto'),
    delivery: z.enum(['core', 'jetstream']).default('core'),
    jetstream: jetstreamOptions.optional().describe('required when delivery is jetstream'),
    labels: z
      .record(z.string().regex(LABEL_NAME_PATTERN), z.string().max(4096))
      .default({})
      .describe('added to each sample'),
    kinds: z
      .strictObject({
        counter: z.array(z.string().min(1).max(256)).max(100).default([]),
        observation: z.array(z.string().min(1).max(256)).max(100).default([]),
      })
      .prefault({})
      .describe('what metrics are that come as gauges since their format cannot say: name patterns, such as *_total'),
    watermarkDelay: durationSetting.prefault('1s').describe('how far the watermark is behind the newest stamp'),
    lateness: durationSetting.prefault('1h').describe('older stamps than this are refused, behind the clock'),
  })
  .superRefine((stream, context) => {
    const pattern = compileSubjectPattern(stream.subject);
    if (typeof pattern === 'string') context.addIssue({ code: 'custom', path: ['subject'], message: pattern });
    if (stream.delivery === 'jetstream' && stream.jetstream === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['jetstream'],
        message: 'is required when delivery is jetstream: {stream: NAME}',
      });
    }
    const carried = CARRIED_BY_CODEC[stream.codec];
    if (carried !== undefined && !carried.includes(stream.payload)) {
      const kinds = carried.map((kind) => `${kind}s`).join(' and ');
      context.addIssue({ code: 'custom', path: ['codec'], message: `${stream.codec} carries ${kinds} only` });
    }
  });

export type NatsOptions = z.infer<typeof natsOptions>;
export type StreamOptions = z.infer<typeof streamOptions>;
export type JetstreamOptions = z.infer<typeof jetstreamOptions>;

type StreamInput = z.input<typeof streamOptions>;

/** What is read without any configuration. */
export const DEFAULT_STREAMS: StreamInput[] = [
  { name: 'metrics', subject: 'tw.metrics.>', payload: 'metric' },
  durable({ name: 'orders', subject: 'tw.orders.{venue?}.{strategy?}', payload: 'order' }, 'TW_ORDERS', 'tw.orders.>'),
  durable({ name: 'fills', subject: 'tw.fills.{venue?}.{strategy?}', payload: 'fill' }, 'TW_FILLS', 'tw.fills.>'),
  { name: 'quotes', subject: 'tw.quotes.{venue?}.{symbol?}', payload: 'quote', codec: 'json' },
  { name: 'trades', subject: 'tw.trades.{venue?}.{symbol?}', payload: 'trade', codec: 'json' },
  { name: 'book', subject: 'tw.book.{venue?}.{symbol?}', payload: 'book', codec: 'json' },
  durable(
    { name: 'positions', subject: 'tw.positions.{account?}.{venue?}', payload: 'position' },
    'TW_POSITIONS',
    'tw.positions.>',
  ),
  durable({ name: 'signals', subject: 'tw.signals.{agent?}', payload: 'signal' }, 'TW_SIGNALS', 'tw.signals.>'),
  durable({ name: 'cash', subject: 'tw.cash.{account?}', payload: 'cash' }, 'TW_CASH', 'tw.cash.>'),
  durable({ name: 'fx', subject: 'tw.fx.{base?}.{quote?}', payload: 'fx' }, 'TW_FX', 'tw.fx.>'),
  { name: 'exchange', subject: 'tw.exchange.{venue?}.{api?}', payload: 'exchange', codec: 'json' },
  { name: 'spans', subject: 'tw.spans.{service?}', payload: 'span' },
  {
    name: 'health',
    subject: 'tw.health.{component?}.{instance?}',
    payload: 'health',
    codec: 'json',
  },
  { name: 'events', subject: 'tw.events.{service_name?}.{event_type?}', payload: 'event', codec: 'json' },
  // A log line is an event of a service; its level and message are labels like everything else that it says.
  {
    ...{ name: 'logs', subject: 'tw.logs.{service_name?}.{logger?}', payload: 'event', codec: 'json' },
    labels: { event_type: 'log' },
  },
];

function durable(stream: StreamInput, name: string, subject: string): StreamInput {
  const jetstream = { stream: name, ensureStream: { subjects: [subject] } };
  return { ...stream, codec: 'json', delivery: 'jetstream', jetstream };
}

export const streamsOptions = z
  .array(streamOptions)
  .prefault(DEFAULT_STREAMS)
  .superRefine((streams, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of streams.entries()) {
      if (seen.has(name))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `stream name "${name}" stands twice` });
      seen.add(name);
    }
  });
