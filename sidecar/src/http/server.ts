/**
 * The HTTP API: fastify with zod schemas as the only source of validation and of `/openapi.json`. Limits against slow
 * and greedy clients (PERFORMANCE.md 6, rows 43 and 44), bearer tokens, and one envelope for every fault.
 */
import compress from '@fastify/compress';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { AddressInfo } from 'node:net';
import querystring from 'node:querystring';
import { TapewatchError } from '../errors.ts';
import { BODY_TOO_LARGE, faultOf, sendFault } from './answer.ts';
import { adminRoutes } from './admin-routes.ts';
import { Authentication } from './authentication.ts';
import type { HttpDeps } from './http-deps.ts';
import { splitListen, type HttpSettings } from './http-options.ts';
import { historyRoutes } from './history-routes.ts';
import { jaegerRoutes } from './jaeger-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { QueryGate } from './query-gate.ts';
import { queryRoutes } from './query-routes.ts';
import { encodingOf } from './request-body.ts';
import { ruleRoutes } from './rule-routes.ts';
import { seriesRoutes } from './series-routes.ts';
import { targetRoutes } from './target-routes.ts';
import { tradingRoutes } from './trading-routes.ts';
import { writeRoutes } from './write-routes.ts';

/** Parameters of one form; more are not read. */
const MAX_FORM_KEYS = 1_000;
const MAX_PARAM_LENGTH = 1_024;
/** Node looks for slow clients every 30 s unless told otherwise, so that a limit of 10 s could mean 40. */
const CHECK_CONNECTIONS_MS = 500;

/** For what is under way when the server closes; then connections end, or an order to stop would wait for the slowest client. */
const CLOSE_GRACE_MS = 3_000;

/** A shorter answer fits into one packet anyway. */
const MIN_COMPRESSED_BYTES = 1_400;
/** Gzip first: brotli at its default strength takes longer than the answer saves. */
const ENCODINGS: ('gzip' | 'deflate')[] = ['gzip', 'deflate'];

export interface HttpServer {
  /** `http://host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** Throws `listen.refused` when the address is open to strangers without a token, or cannot be bound. */
export async function startHttpServer(deps: HttpDeps, settings: HttpSettings): Promise<HttpServer> {
  new Authentication(settings).checkListen(settings.listen);
  const app = await buildHttpServer(deps, settings);
  const { host, port } = splitListen(settings.listen);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapewatchError(
      'listen.refused',
      `http.listen ${settings.listen} cannot be bound (${reason}); choose another`,
      {
        cause,
      },
    );
  }
  app.server.maxConnections = settings.maxConnections;
  const bound = app.server.address() as AddressInfo;
  return { address: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`, close: () => closeInTime(app) };
}

async function closeInTime(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
  await app.close().finally(() => clearTimeout(timer));
}

/** Without a socket; requests can be injected. */
export async function buildHttpServer(deps: HttpDeps, settings: HttpSettings): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: settings.requestTimeoutMs,
    connectionTimeout: settings.requestTimeoutMs + settings.queryTimeoutMs,
    keepAliveTimeout: settings.requestTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    http: { headersTimeout: settings.headersTimeoutMs, connectionsCheckingInterval: CHECK_CONNECTIONS_MS },
    logger: false,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  parseForms(app);
  handleFaults(app, deps);
  authenticate(app, settings);
  refusePackedBodies(app);
  observe(app, deps);
  await app.register(rateLimit, {
    max: settings.rateLimit.requests,
    timeWindow: settings.rateLimit.windowMs,
    cache: settings.maxConnections * 10,
    keyGenerator: ({ headers, ip }) => headers.authorization ?? ip,
  });
  if (settings.compression) {
    // Answers only: a body that is unpacked on its way in goes on being unpacked after it was refused.
    const bodies = { globalDecompression: false };
    await app.register(compress, { threshold: MIN_COMPRESSED_BYTES, encodings: ENCODINGS, ...bodies });
  }
  await describe(app, deps);
  const gate = new QueryGate(deps.line, settings.queryTimeoutMs);
  const context = { app, deps, gate };
  for (const routes of [
    operationRoutes,
    adminRoutes,
    queryRoutes,
    seriesRoutes,
    ruleRoutes,
    targetRoutes,
    historyRoutes,
    tradingRoutes,
    jaegerRoutes,
  ])
    routes(context);
  await writeRoutes(context);
  await app.ready();
  return app;
}

/** `/openapi.json` and `/docs`. They show no data, so they need no token. */
async function describe(app: FastifyInstance, { version }: HttpDeps): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tapewatch', description: 'The HTTP API of the sidecar.', version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json').send(JSON.stringify(app.swagger())),
  );
}

function parseForms(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, querystring.parse(body as string, '&', '=', { maxKeys: MAX_FORM_KEYS }));
  });
}

function authenticate(app: FastifyInstance, settings: HttpSettings): void {
  const authentication = new Authentication(settings);
  app.addHook('onRequest', async ({ headers, routeOptions }) => {
    const { role } = routeOptions.config;
    if (role !== undefined) authentication.check({ authorization: headers.authorization, host: headers.host }, role);
  });
}

/** Samples come packed; their routes unpack them with bounds of their own. Nothing else is large. */
function refusePackedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers, routeOptions, is404 }) => {
    const encoding = encodingOf(headers);
    if (encoding === 'identity' || is404 || routeOptions.config.unpacks === true) return;
    throw new TapewatchError(
      'intake.encoding',
      `Content-Encoding ${JSON.stringify(encoding.slice(0, 60))} is not read here; send the body as it is`,
    );
  });
}

function handleFaults(app: FastifyInstance, { log }: HttpDeps): void {
  app.setErrorHandler((error, request, reply) => {
    // Closed at once, as fastify asks, a client that still sends sees its pipe break and not the answer, and tries again.
    // Kept open, Node reads the rest and forgets it, for `requestTimeoutMs` at most.
    if ((error as Partial<FastifyError>).code === BODY_TOO_LARGE) reply.removeHeader('connection');
    const fault = faultOf(error);
    if (fault !== undefined) {
      if (fault.status === 401) void reply.header('www-authenticate', 'Bearer');
      // The queue drains with every commit.
      if (error instanceof TapewatchError && error.code === 'intake.busy') void reply.header('retry-after', '1');
      return sendFault(reply, fault);
    }
    log.error({ err: error, route: request.routeOptions.url }, 'A request failed by a fault of ours.');
    return sendFault(reply, { status: 500, errorType: 'internal', error: 'internal fault; the log has the details' });
  });
  app.setNotFoundHandler((request, reply) =>
    sendFault(reply, {
      status: 404,
      errorType: 'not_found',
      error: `no route ${request.method} ${request.url.split('?')[0]}`,
    }),
  );
}

function observe(app: FastifyInstance, { telemetry }: HttpDeps): void {
  app.addHook('onSend', async (_request, reply) => {
    void reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    telemetry.httpAnswered(request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
  });
}
