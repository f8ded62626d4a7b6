/**
 * What every route module gets, the two ways a Prometheus route can be asked (GET, and POST with a form), and routes in
 * Jaeger's envelope.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { errorEnvelope, jaegerEnvelope, jaegerErrorEnvelope, successEnvelope } from '@tapewatch/contract';
import { TapewatchError } from '../errors.ts';
import type { Role } from './authentication.ts';
import type { HttpDeps } from './http-deps.ts';
import type { QueryGate } from './query-gate.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask; absent: everyone. */
    role?: Role;
    /** In whose envelope faults are told; absent: Prometheus's. */
    dialect?: 'jaeger';
    /** Reads packed bodies (`Content-Encoding`), and bounds what they become. */
    unpacks?: true;
  }
}

export interface RouteContext {
  readonly app: FastifyInstance;
  readonly deps: HttpDeps;
  readonly gate: QueryGate;
}

export interface PrometheusRoute<S extends z.ZodObject> {
  readonly url: string;
  readonly summary: string;
  readonly params: S;
  /** Placeholders of the address. */
  readonly path?: z.ZodObject;
  readonly data: z.ZodType;
  readonly tag?: string;
  readonly role?: Role;
  /** Also by POST with a form, as Prometheus's API for queries. */
  readonly form?: boolean;
}

type Handler<S extends z.ZodObject> = (
  params: z.output<S>,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>;

/** Registers the route; parameters of a form and of the address are one set, the form's win. */
export function route<S extends z.ZodObject>(
  app: FastifyInstance,
  definition: PrometheusRoute<S>,
  handler: Handler<S>,
): void {
  const { url, summary, params, path, data, tag = 'Prometheus', role = 'viewer', form = false } = definition;
  const response = { 200: successEnvelope(data), 400: errorEnvelope, 422: errorEnvelope, 503: errorEnvelope };
  const base = { summary, tags: [tag], response, ...(path === undefined ? {} : { params: path }) };
  const config = { role };
  const run = (request: FastifyRequest, reply: FastifyReply) => handler(merge(params, request), request, reply);
  app.get(url, { config, schema: { ...base, querystring: params } }, run);
  if (!form) return;
  const consumes = ['application/x-www-form-urlencoded'];
  app.post(
    url,
    { config, schema: { ...base, consumes, querystring: params.partial(), body: params.partial().nullish() } },
    run,
  );
}

export type JaegerRoute<S extends z.ZodObject> = Pick<
  PrometheusRoute<S>,
  'url' | 'summary' | 'params' | 'path' | 'data'
>;

/** Registers a route that answers, and refuses, as Jaeger does. */
export function jaegerRoute<S extends z.ZodObject>(
  app: FastifyInstance,
  { url, summary, params, path, data }: JaegerRoute<S>,
  handler: Handler<S>,
): void {
  const faults = { 400: jaegerErrorEnvelope, 404: jaegerErrorEnvelope, 503: jaegerErrorEnvelope };
  const schema = { summary, tags: ['Jaeger'], querystring: params, response: { 200: jaegerEnvelope(data), ...faults } };
  app.get(
    url,
    {
      config: { role: 'viewer', dialect: 'jaeger' },
      schema: path === undefined ? schema : { ...schema, params: path },
    },
    (request, reply) => handler(merge(params, request), request, reply),
  );
}

function merge<S extends z.ZodObject>(params: S, { query, body }: FastifyRequest): z.output<S> {
  const result = params.safeParse({ ...(query as object), ...(body as object | null | undefined) });
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
  throw new TapewatchError('query.invalid', `invalid parameter ${problems.join('; ')}`);
}
