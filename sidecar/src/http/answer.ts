/** Answers in Prometheus's envelope, and faults turned into it: nothing leaves the server in another shape. */
import type { FastifyError, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { TapewatchError, type ErrorCode } from '../errors.ts';

/** Prometheus's words where it has one. */
const ERROR_TYPES: Partial<Record<ErrorCode, string>> = {
  'query.parse': 'bad_data',
  'query.invalid': 'bad_data',
  'query.limit': 'execution',
  'query.execution': 'execution',
  'sql.unavailable': 'execution',
  'trace.unknown': 'not_found',
  'query.timeout': 'timeout',
  'query.cancelled': 'canceled',
  'auth.missing': 'unauthorized',
  'auth.denied': 'forbidden',
  'intake.busy': 'unavailable',
  'store.unavailable': 'unavailable',
  'store.locked': 'unavailable',
};

/** Fastify's code of a body beyond `bodyLimitBytes`. */
export const BODY_TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';

export interface Fault {
  readonly status: number;
  readonly errorType: string;
  readonly error: string;
}

interface Notes {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** Serialised here: answers can be large, and their schema is held by tests instead of at each request. */
export function sendData(reply: FastifyReply, data: unknown, notes: Notes = {}): FastifyReply {
  return sendText(reply, JSON.stringify(data), notes);
}

/** `data` is JSON already. */
export function sendText(reply: FastifyReply, data: string, { warnings = [], infos = [] }: Notes = {}): FastifyReply {
  const notes = { ...(warnings.length > 0 ? { warnings } : {}), ...(infos.length > 0 ? { infos } : {}) };
  const rest = JSON.stringify(notes).slice(1, -1);
  const body = `{"status":"success","data":${data}${rest === '' ? '' : `,${rest}`}}`;
  return reply.type('application/json; charset=utf-8').send(body);
}

/** In the envelope that readers of the route know. */
export function sendFault(reply: FastifyReply, { status, errorType, error }: Fault): FastifyReply {
  const body =
    reply.request.routeOptions.config.dialect === 'jaeger'
      ? { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg: error }] }
      : { status: 'error', errorType, error };
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** What of an error may be told; undefined when it is a bug of ours, whose message stays in the log. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof TapewatchError) {
    const errorType = ERROR_TYPES[error.code] ?? (error.httpStatus < 500 ? 'bad_data' : 'internal');
    return { status: error.httpStatus, errorType, error: error.message };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(
      ({ instancePath, message }) => `${instancePath.slice(1) || 'request'}: ${message}`,
    );
    return { status: 400, errorType: 'bad_data', error: `invalid parameter ${problems.join('; ')}` };
  }
  const status = (error as Partial<FastifyError>).statusCode ?? 500;
  if (status >= 500 || !(error instanceof Error)) return undefined;
  return { status, errorType: status === 429 ? 'too_many_requests' : 'bad_data', error: error.message };
}
