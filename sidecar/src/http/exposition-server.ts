/**
 * The port for scrapers: `/metrics` (also `/`) with our own and the collected metrics, `/federate` with selected ones.
 * The same tokens and the same guard of loopback as the API.
 */
import compress from '@fastify/compress';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { AddressInfo } from 'node:net';
import { TapewatchError } from '../errors.ts';
import type { Logger } from '../ports.ts';
import { faultOf, sendFault } from './answer.ts';
import { Authentication } from './authentication.ts';
import type { HttpSettings } from './http-options.ts';

const MIN_COMPRESSED_BYTES = 1_400;
/** Scrapers at once; each holds its answer in memory. */
const MAX_CONNECTIONS = 64;
const MAX_SELECTORS = 100;
const REQUEST_TIMEOUT_MS = 30_000;

export interface ExpositionDeps {
  metrics(accept: string | undefined): Promise<{ readonly contentType: string; readonly text: string }>;
  federate(
    selectors: readonly string[],
    accept: string | undefined,
  ): Promise<{ readonly contentType: string; readonly text: string }>;
  readonly log: Logger;
}

export interface SideServer {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

export interface SideSettings extends Pick<HttpSettings, 'tokens' | 'compression'> {
  readonly host: string;
  readonly port: number;
}

/** Throws `listen.refused`. */
export async function startExpositionServer(deps: ExpositionDeps, settings: SideSettings): Promise<SideServer> {
  const { host, port, compression } = settings;
  const authentication = new Authentication(settings);
  authentication.checkListen(listenText(host, port), 'monitoring.listen_address');
  const app = fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS * 2,
    forceCloseConnections: true,
    logger: false,
  });
  if (compression) await app.register(compress, { threshold: MIN_COMPRESSED_BYTES, encodings: ['gzip', 'deflate'] });
  app.addHook('onRequest', async ({ headers }, reply) => {
    void reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    authentication.check({ authorization: headers.authorization, host: headers.host }, 'viewer');
  });
  app.setErrorHandler((error, _request, reply) => {
    const fault = faultOf(error);
    if (fault === undefined) deps.log.error({ err: error }, 'A scrape failed by a fault of ours.');
    return sendFault(reply, fault ?? { status: 500, errorType: 'internal', error: 'internal fault; the log has it' });
  });
  const metrics = async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { contentType, text } = await deps.metrics(headers.accept);
    return reply.type(contentType).send(text);
  };
  app.get('/metrics', metrics);
  app.get('/', metrics);
  app.get('/federate', async (request, reply) => {
    const { contentType, text } = await deps.federate(selectorsOf(request.url), request.headers.accept);
    return reply.type(contentType).send(text);
  });
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw cannotBind('monitoring.prometheus_port', port, cause);
  }
  app.server.maxConnections = MAX_CONNECTIONS;
  return { address: boundAddress(host, app.server.address()), close: () => app.close() };
}

function selectorsOf(url: string): string[] {
  const selectors = new URL(url, 'http://localhost').searchParams.getAll('match[]');
  if (selectors.length > 0 && selectors.length <= MAX_SELECTORS) return selectors;
  throw new TapewatchError(
    'query.invalid',
    `/federate takes 1 to ${MAX_SELECTORS} parameters match[], got ${selectors.length}`,
  );
}

export function listenText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function boundAddress(host: string, bound: AddressInfo | string | null): string {
  return listenText(host, (bound as AddressInfo).port);
}

export function cannotBind(setting: string, port: number, cause: unknown): TapewatchError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TapewatchError('listen.refused', `${setting} ${port} cannot be bound (${reason}); choose another, or 0`, {
    cause,
  });
}
