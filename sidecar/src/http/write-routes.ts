/**
 * The ways in by HTTP: Prometheus remote write, OTLP metrics and traces, line protocol as InfluxDB takes it, and the two
 * endpoints of services (API-01, API-03). Each answers after its rows are durable; a full queue is a 503 with
 * `Retry-After`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TapewatchError } from '../errors.ts';
import type { Intake, IntakeReceipt, IntakeRequest, RefusedRequest } from '../ports.ts';
import { BODY_TOO_LARGE, sendData, sendFault } from './answer.ts';
import { submitEvents } from './business-event.ts';
import { otlpAnswer } from './otlp-answer.ts';
import { bodyOf, UNPACKED_MAX_BYTES } from './request-body.ts';
import type { RouteContext } from './route-kit.ts';

const TAGS = ['Write'];
const ROLE = 'operator';
const WRITE_V2 = 'io.prometheus.write.v2.Request';
const PRECISIONS: Readonly<Record<string, string>> = {
  n: 'ns',
  ns: 'ns',
  u: 'us',
  us: 'us',
  µ: 'us',
  ms: 'ms',
  s: 's',
};

export async function writeRoutes({ app, deps }: RouteContext): Promise<void> {
  const { intake } = deps;
  if (intake === undefined) return;
  // A scope of its own: here a body is bytes, whatever it says to be.
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    scope.addHook('onRequest', async ({ headers }) => refuseOtherOrigins(headers));
    scope.addHook('onError', async (request, _reply, error) => {
      if (error.code === BODY_TOO_LARGE) refuseUnread(intake, request, error.message);
    });
    remoteWrite(scope, intake);
    otlp(scope, intake);
    lineProtocol(scope, intake);
    services(scope, intake);
    done();
  });
}

function options(summary: string) {
  return { config: { role: ROLE, unpacks: true }, schema: { summary, tags: TAGS } } as const;
}

function remoteWrite(app: FastifyInstance, intake: Intake): void {
  app.post('/api/v1/write', options('Prometheus remote write 1.0 and 2.0'), async (request, reply) => {
    const contentType = request.headers['content-type'] ?? 'application/x-protobuf';
    const isV2 = contentType.includes(WRITE_V2);
    if (!/^application\/x-protobuf\b/i.test(contentType)) {
      throw new TapewatchError(
        'intake.encoding',
        `Content-Type ${JSON.stringify(contentType.slice(0, 100))} is not remote write`,
      );
    }
    const type = `application/x-protobuf;proto=${isV2 ? WRITE_V2 : 'prometheus.WriteRequest'}`;
    const receipt = await submit(intake, request, type);
    const histograms = receipt.histograms ?? 0;
    void reply.header('x-prometheus-remote-write-samples-written', String(receipt.accepted - histograms));
    void reply.header('x-prometheus-remote-write-histograms-written', String(histograms));
    void reply.header('x-prometheus-remote-write-exemplars-written', String(receipt.exemplars ?? 0));
    if (receipt.rejected === 0) return reply.code(204).send();
    return reply
      .code(400)
      .type('text/plain; charset=utf-8')
      .send(`${explained(receipt)}\n`);
  });
}

const OTLP = [
  {
    url: '/v1/metrics',
    kind: 'metric',
    summary: 'OTLP metrics, protobuf or JSON',
    proto: 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
    rejectedAs: 'rejectedDataPoints',
  },
  {
    url: '/v1/traces',
    kind: 'span',
    summary: 'OTLP traces, protobuf or JSON',
    proto: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
    rejectedAs: 'rejectedSpans',
  },
] as const;

function otlp(app: FastifyInstance, intake: Intake): void {
  for (const signal of OTLP) otlpRoute(app, intake, signal);
}

function otlpRoute(
  app: FastifyInstance,
  intake: Intake,
  { url, kind, summary, ...signal }: (typeof OTLP)[number],
): void {
  app.post(url, options(summary), async (request, reply) => {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const isJson = type === 'application/json';
    if (!isJson && type !== 'application/x-protobuf' && type !== 'application/protobuf') {
      throw new TapewatchError(
        'intake.encoding',
        `Content-Type ${JSON.stringify(type.slice(0, 60))} is not OTLP; use application/x-protobuf or application/json`,
      );
    }
    const receipt = await submit(intake, request, `application/x-protobuf;proto=${signal.proto}`, kind);
    const isUnreadable = receipt.accepted === 0 && receipt.problems.some(({ reason }) => reason === 'syntax');
    return reply
      .code(isUnreadable ? 400 : 200)
      .type(type)
      .send(
        otlpAnswer({
          ...{ rejected: receipt.rejected, rejectedAs: signal.rejectedAs, message: explained(receipt) },
          ...{ isJson, isFault: isUnreadable },
        }),
      );
  });
}

function lineProtocol(app: FastifyInstance, intake: Intake): void {
  for (const url of ['/write', '/api/v2/write']) {
    app.post(url, options('InfluxDB line protocol'), async (request, reply) => {
      const { precision = 'ns' } = request.query as { precision?: string };
      const unit = Object.hasOwn(PRECISIONS, precision) ? PRECISIONS[precision] : undefined;
      if (unit === undefined) {
        throw new TapewatchError(
          'query.invalid',
          `invalid parameter "precision": ${JSON.stringify(precision.slice(0, 20))}; use ns, us, ms or s`,
        );
      }
      const receipt = await submit(intake, request, `application/vnd.influx.line;precision=${unit}`);
      if (receipt.rejected === 0) return reply.code(204).send();
      const message = `partial write: ${explained(receipt)}`;
      return reply.code(400).send(url === '/write' ? { error: message } : { code: 'invalid', message });
    });
  }
}

function services(app: FastifyInstance, intake: Intake): void {
  app.post(
    '/api/v1/internal/monitoring/metrics',
    options('Metrics of a service: JSON, or any format that a Content-Type names'),
    async (request, reply) =>
      confirm(reply, await submit(intake, request, request.headers['content-type'] ?? 'application/json')),
  );
  app.post(
    '/api/v1/internal/monitoring/events',
    options('Business events of a service, JSON'),
    async (request, reply) => {
      const message = { subject: subjectOf(request), payloadKind: 'event', contentType: 'application/json' } as const;
      const payload = await unpacked(intake, request, message);
      return confirm(reply, await submitEvents(intake, { subject: message.subject, payload }));
    },
  );
}

async function submit(
  intake: Intake,
  request: FastifyRequest,
  contentType: string,
  payloadKind: IntakeRequest['payloadKind'] = 'metric',
): Promise<IntakeReceipt> {
  const message = { subject: subjectOf(request), payloadKind, contentType };
  const payload = await unpacked(intake, request, message);
  const receipt = await intake.submit({ ...message, payload, maxBytes: UNPACKED_MAX_BYTES });
  // What is packed inside of its format (snappy) shows its size only to the codec.
  const bomb = receipt.accepted === 0 ? receipt.problems.find(({ reason }) => reason === 'too_large') : undefined;
  if (bomb !== undefined) throw new TapewatchError('intake.too_large', `${bomb.detail}; send smaller batches`);
  return receipt;
}

/** A body that cannot be unpacked is refused to the caller, and told of as any other bad message. */
async function unpacked(
  intake: Intake,
  request: FastifyRequest,
  message: Omit<RefusedRequest, 'payload'>,
): Promise<Buffer> {
  try {
    return await bodyOf(request);
  } catch (error) {
    if (error instanceof TapewatchError && Buffer.isBuffer(request.body) && request.body.length > 0) {
      const reason = error.code === 'intake.too_large' ? 'too_large' : 'encoding';
      intake.refuse({ ...message, payload: request.body }, { reason, detail: error.message });
    }
    throw error;
  }
}

/** The body is longer than `http.bodyLimitBytes`: nothing of it was kept. */
function refuseUnread(intake: Intake, request: FastifyRequest, detail: string): void {
  const subject = subjectOf(request);
  const payloadKind = subject.endsWith('/traces') ? 'span' : subject.endsWith('/events') ? 'event' : 'metric';
  const contentType = request.headers['content-type'] ?? '';
  intake.refuse({ subject, payloadKind, contentType, payload: new Uint8Array(0) }, { reason: 'too_large', detail });
}

function subjectOf({ routeOptions }: FastifyRequest): string {
  return `http:${routeOptions.url ?? ''}`;
}

/** What was taken and what was not, with reasons; a request of which nothing could be taken is a fault. */
function confirm(reply: FastifyReply, receipt: IntakeReceipt): FastifyReply {
  const { accepted, rejected, problems } = receipt;
  if (accepted === 0 && rejected > 0)
    return sendFault(reply, { status: 400, errorType: 'bad_data', error: explained(receipt) });
  return sendData(reply, { accepted, rejected, problems });
}

function explained({ accepted, rejected, problems }: IntakeReceipt): string {
  const reasons = problems.slice(0, 5).map(({ reason, detail }) => `${reason}: ${detail}`);
  return `${rejected} rejected, ${accepted} accepted; ${reasons.join('; ')}`.slice(0, 4_000);
}

/** A page of another site may send plain text to this machine without asking; programs send no Origin. */
function refuseOtherOrigins({ origin, host }: FastifyRequest['headers']): void {
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new TapewatchError(
    'auth.denied',
    `pages of ${JSON.stringify(String(origin).slice(0, 100))} may not write here`,
  );
}
