/**
 * QueryData: every refId is answered for itself and concurrently; one bad query never fails the others. Work stops when
 * Grafana cancels, and at a deadline, which for alert rules stays below Grafana's own 30 s so that the answer says why.
 * How many run at once is decided behind: panels, rules and the HTTP API stand in one line.
 */
import type { Table } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import { Pacer } from '../pacer.ts';
import type { QueryEnvelope, QueryService } from '../ports.ts';
import type { Authenticate } from './authentication.ts';
import { encodeFrame, type FrameContext } from './frame.ts';
import type { LiveHub } from './live-hub.ts';
import type { DataQuery, DataResponse, PluginContext, QueryDataRequest, QueryDataResponse } from './message.ts';

export interface QueryDataDeps {
  readonly queryService: QueryService;
  readonly authenticate: Authenticate;
  readonly live: LiveHub;
  readonly timeoutMs: number;
  /** When an alert rule asks. */
  readonly alertTimeoutMs: number;
  readonly onInternalError: (error: unknown) => void;
}

export async function answerQueryData(
  request: QueryDataRequest,
  deps: QueryDataDeps,
  cancelled: AbortSignal,
): Promise<QueryDataResponse> {
  const fromAlert = headerOf(request.headers, 'fromalert') === 'true';
  const timeoutMs = fromAlert ? Math.min(deps.timeoutMs, deps.alertTimeoutMs) : deps.timeoutMs;
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(timeoutMs)]);
  const answers = request.queries.map(async (query): Promise<[string, DataResponse]> => {
    try {
      deps.authenticate(request.pluginContext);
      const asked: Asked = { query, context: request.pluginContext, fromAlert };
      const frames = await untilAborted(framesOf(asked, deps, signal), signal);
      return [query.refId, { frames, status: 200 }];
    } catch (error) {
      const cause = signal.aborted ? interruption(error, timeoutMs, cancelled.aborted) : error;
      return [query.refId, failure(cause, deps)];
    }
  });
  return { responses: Object.fromEntries(await Promise.all(answers)) };
}

interface Asked {
  readonly query: DataQuery;
  readonly context: PluginContext | null;
  readonly fromAlert: boolean;
}

async function framesOf(asked: Asked, deps: QueryDataDeps, signal: AbortSignal): Promise<Uint8Array[]> {
  const { query, context, fromAlert } = asked;
  const { refId } = query;
  const document = parseDocument(query);
  const envelope: QueryEnvelope = {
    startMs: query.timeRange?.fromEpochMS ?? 0,
    endMs: query.timeRange?.toEpochMS ?? 0,
    intervalMs: query.intervalMS,
    maxDataPoints: query.maxDataPoints > 0 ? query.maxDataPoints : 1_000,
    fromAlert,
  };
  const uid = context?.dataSourceInstanceSettings?.uid ?? '';
  if (!fromAlert && uid !== '' && deps.live.accepts(document, envelope)) {
    const tenant = `${context?.orgId ?? 0}/${uid}`;
    const history = await deps.live.history(tenant, document, envelope, signal);
    return encodeAll(
      history.map(({ table, path }) => {
        return { table, context: path === undefined ? { refId } : { refId, channel: `ds/${uid}/${path}` } };
      }),
    );
  }
  const tables = await deps.queryService.run(document, envelope, signal);
  return encodeAll(tables.map((table) => ({ table, context: { refId } })));
}

/** A chart of a thousand series is a thousand frames; reading messages goes on between them. */
async function encodeAll(all: readonly { table: Table; context: FrameContext }[]): Promise<Uint8Array[]> {
  const pacer = new Pacer();
  const frames: Uint8Array[] = [];
  for (const { table, context } of all) {
    frames.push(encodeFrame(table, context));
    await pacer.pause();
  }
  return frames;
}

/** The document carries its type itself; files written by hand may have it only in Grafana's envelope. */
function parseDocument({ json, queryType }: DataQuery): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(json).toString('utf8'));
  } catch (cause) {
    throw new TapewatchError('query.invalid', 'the query is not JSON; send a query document', { cause });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new TapewatchError('query.invalid', 'the query is not a JSON object; send a query document');
  }
  const fields: Record<string, unknown> = { ...document };
  if (fields['queryType'] === undefined || fields['queryType'] === '') fields['queryType'] = queryType || 'promql';
  return fields;
}

/** Settles with the abort's reason at once, even where the work does not look at the signal. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** A query's or a setting's fault is the user's to mend; the rest is ours. */
const DOWNSTREAM = /^(query|auth)\./;

function failure(error: unknown, deps: QueryDataDeps): DataResponse {
  if (error instanceof TapewatchError) {
    const errorSource = DOWNSTREAM.test(error.code) ? 'downstream' : 'plugin';
    return { frames: [], error: `${error.message} [${error.code}]`, status: error.httpStatus, errorSource };
  }
  deps.onInternalError(error);
  const text = 'the sidecar failed to answer; its log has the details';
  return { frames: [], error: text, status: 500, errorSource: 'plugin' };
}

/** Whatever the work threw when it was told to stop, this is why it was told so. */
function interruption(cause: unknown, timeoutMs: number, byGrafana: boolean): TapewatchError {
  if (byGrafana) return new TapewatchError('query.cancelled', 'Grafana cancelled the query', { cause });
  const text = `the query did not end within ${timeoutMs} ms; shorten the time range or make it less fine`;
  return new TapewatchError('query.timeout', text, { cause });
}

function headerOf(headers: Readonly<Record<string, string>>, lowerName: string): string {
  for (const [name, value] of Object.entries(headers)) if (name.toLowerCase() === lowerName) return value;
  return '';
}
