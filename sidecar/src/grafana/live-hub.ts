/**
 * Keeps the live queries: gives history its channel paths, evaluates each running query once per step, and hands the new
 * points to the streams of its series. Bounded: past `channelsMax` the longest unused idle query is forgotten.
 */
import type { Table } from '@tapewatch/core';
import { msFromNanos } from '@tapewatch/core';
import type { Clock, QueryEnvelope, QueryService } from '../ports.ts';
import { channelHash, LiveChannel, seriesHash, type LivePoints, type Push } from './live-channel.ts';

const TICK_MS = 100;
/** History that ends longer ago than this is not the present. */
const PRESENT_WITHIN_MS = 10_000;
/** One Grafana channel each; a chart with more series is not read point by point anyway. */
const SERIES_MAX = 50;
const PATH = /^promql\/([0-9a-f]{16})\/([0-9a-f]{16})$/;

export interface LiveHubDeps {
  readonly queryService: QueryService;
  readonly clock: Clock;
  readonly channelsMax: number;
  readonly onError: (error: unknown) => void;
}

export interface HistoryTable {
  readonly table: Table;
  /** Absent on tables that are not streamed. */
  readonly path?: string;
}

export class LiveHub {
  readonly #deps: LiveHubDeps;
  readonly #channels = new Map<string, LiveChannel>();
  readonly #closing = new AbortController();
  #stopTicking: (() => void) | undefined;
  #running = 0;

  constructor(deps: LiveHubDeps) {
    this.#deps = deps;
  }

  /** A range query for a chart that asks for streaming and whose range ends at about now. */
  accepts(query: Readonly<Record<string, unknown>>, envelope: QueryEnvelope): boolean {
    const { queryType, streaming, instant, format } = query;
    const isChart = queryType === 'promql' && instant !== true && (format === undefined || format === 'time_series');
    return isChart && streaming === true && this.#nowMs() - envelope.endMs < PRESENT_WITHIN_MS;
  }

  /** Answers like a plain query, with the path of the stream that continues each table. */
  async history(tenant: string, document: unknown, asked: QueryEnvelope, signal: AbortSignal): Promise<HistoryTable[]> {
    const { query, envelope } = this.#deps.queryService.resolve(document, asked);
    // Exemplars belong to the history; to look for them at each new point would cost more than the point.
    const channel = this.#open(tenant, { ...(query as object), exemplar: false }, envelope.intervalMs);
    const endMs = channel.beginHistory(this.#nowMs());
    try {
      const startMs = Math.min(envelope.startMs, endMs);
      const tables = await this.#deps.queryService.run(query, { ...envelope, startMs, endMs }, signal);
      channel.endHistory(endMs, this.#nowMs());
      return tables.map((table, i) => this.#withPath(channel, table, i));
    } catch (error) {
      channel.abandonHistory();
      throw error;
    }
  }

  #withPath(channel: LiveChannel, table: Table, index: number): HistoryTable {
    const labels = labelsOf(table);
    if (labels === undefined) return { table };
    if (index < SERIES_MAX) return { table, path: `promql/${channel.id}/${seriesHash(labels)}` };
    const text = `only the first ${SERIES_MAX} series are streamed; this one moves at each refresh`;
    return { table: { ...table, notices: [...table.notices, { severity: 'info', text }] } };
  }

  /** Tells whether the path names a known live query. */
  subscribe(path: string): boolean {
    const channel = this.#find(path);
    channel?.channel.onSubscribe(this.#nowMs());
    return channel !== undefined;
  }

  /** Starts pushing; undefined for an unknown path. The returned function stops it. */
  run(path: string, push: Push): (() => void) | undefined {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    const detach = found.channel.attach(found.series, push, this.#nowMs());
    this.#running++;
    this.#stopTicking ??= this.#deps.clock.every(TICK_MS, () => this.#tick());
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      detach(this.#nowMs());
      if (--this.#running > 0) return;
      this.#stopTicking?.();
      this.#stopTicking = undefined;
    };
  }

  close(): void {
    this.#closing.abort();
    this.#stopTicking?.();
    this.#stopTicking = undefined;
    this.#channels.clear();
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    for (const channel of this.#channels.values()) {
      const range = channel.due(nowMs);
      if (range !== undefined) void this.#evaluate(channel, range);
    }
  }

  async #evaluate(channel: LiveChannel, range: { readonly startMs: number; readonly endMs: number }): Promise<void> {
    channel.evaluating = true;
    const steps = (range.endMs - range.startMs) / channel.stepMs + 1;
    const envelope = { ...range, intervalMs: channel.stepMs, maxDataPoints: steps, fromAlert: false };
    try {
      const tables = await this.#deps.queryService.run(channel.query, envelope, this.#closing.signal);
      const points = new Map(tables.flatMap(pointsOf));
      channel.deliver((series) => points.get(series), range.endMs);
    } catch (error) {
      // The same range is tried again at the next tick, so that no point is missing afterwards.
      if (!this.#closing.signal.aborted) this.#deps.onError(error);
    } finally {
      channel.evaluating = false;
    }
  }

  #open(tenant: string, query: unknown, stepMs: number): LiveChannel {
    const id = channelHash(JSON.stringify([tenant, query, stepMs]));
    const known = this.#channels.get(id);
    if (known !== undefined) return known;
    if (this.#channels.size >= this.#deps.channelsMax) this.#forgetOldest();
    const channel = new LiveChannel(id, query, stepMs);
    this.#channels.set(id, channel);
    return channel;
  }

  #forgetOldest(): void {
    const idle = [...this.#channels.values()].filter(({ isRunning }) => !isRunning);
    const oldest = idle.sort((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
    if (oldest !== undefined) this.#channels.delete(oldest.id);
  }

  #find(path: string): { readonly channel: LiveChannel; readonly series: string } | undefined {
    const [, id = '', series = ''] = PATH.exec(path) ?? [];
    const channel = this.#channels.get(id);
    return channel === undefined ? undefined : { channel, series };
  }

  #nowMs(): number {
    return msFromNanos(this.#deps.clock.now());
  }
}

function labelsOf(table: Table): NonNullable<Table['fields'][number]['labels']> | undefined {
  return table.kind === 'timeseries-multi' ? table.fields[1]?.labels : undefined;
}

function pointsOf(table: Table): [string, LivePoints][] {
  const [time, value] = table.fields;
  const labels = labelsOf(table);
  if (labels === undefined || time?.type !== 'time' || value?.type !== 'number') return [];
  const timesMs = time.values.map((stamp) => msFromNanos(stamp ?? 0n));
  return [[seriesHash(labels), { timesMs, values: Array.from<number | null>(value.values) }]];
}
