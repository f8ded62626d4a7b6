/**
 * The Stream service: a subscription is granted when the token is right and the path names a live query that QueryData
 * gave out; RunStream then pushes points as data-only frame packets (the history frame brought the schema). Publishing is
 * denied: channels carry what the sidecar measured and nothing else.
 */
import { status, type ServerWritableStream } from '@grpc/grpc-js';
import { TapewatchError } from '../errors.ts';
import type { Authenticate } from './authentication.ts';
import type { LivePoints } from './live-channel.ts';
import type { LiveHub } from './live-hub.ts';
import type { StreamPacket, StreamRequest, SubscriptionResponse } from './message.ts';

const NOTHING = new Uint8Array();

export function subscribe(request: StreamRequest, live: LiveHub, authenticate: Authenticate): SubscriptionResponse {
  try {
    authenticate(request.pluginContext);
  } catch (error) {
    if (error instanceof TapewatchError) return { status: 'PERMISSION_DENIED', data: NOTHING };
    throw error;
  }
  return { status: live.subscribe(request.path) ? 'OK' : 'NOT_FOUND', data: NOTHING };
}

export function publish(): SubscriptionResponse {
  return { status: 'PERMISSION_DENIED', data: NOTHING };
}

/** Runs until Grafana ends the call. An unknown path ends it with NOT_FOUND; Grafana tries again after a while. */
export function runStream(
  call: ServerWritableStream<StreamRequest, StreamPacket>,
  live: LiveHub,
  authenticate: Authenticate,
): void {
  try {
    authenticate(call.request.pluginContext);
  } catch (error) {
    const details = error instanceof Error ? error.message : 'not allowed';
    call.emit('error', { code: status.PERMISSION_DENIED, details });
    return;
  }
  const stop = live.run(call.request.path, (points) => {
    call.write({ data: encodePoints(points) });
  });
  if (stop === undefined) {
    const details = `no live query has the path "${call.request.path}"; refresh the panel`;
    call.emit('error', { code: status.NOT_FOUND, details });
    return;
  }
  for (const event of ['cancelled', 'close', 'error'] as const) call.on(event, stop);
}

/** Grafana's DataFrameJSON: what JSON cannot say stands in `entities`, by row. */
export function encodePoints({ timesMs, values }: LivePoints): Uint8Array {
  const entities = {
    NaN: rowsWhere(values, Number.isNaN),
    Inf: rowsWhere(values, isInfinity),
    NegInf: rowsWhere(values, isNegativeInfinity),
  };
  const special = entities.NaN.length + entities.Inf.length + entities.NegInf.length > 0;
  const data = { values: [timesMs, values], ...(special ? { entities: [null, entities] } : {}) };
  return Buffer.from(JSON.stringify({ data }));
}

function rowsWhere(values: readonly (number | null)[], test: (value: number) => boolean): number[] {
  return values.flatMap((value, row) => (value !== null && test(value) ? [row] : []));
}

function isInfinity(value: number): boolean {
  return value === Infinity;
}

function isNegativeInfinity(value: number): boolean {
  return value === -Infinity;
}
