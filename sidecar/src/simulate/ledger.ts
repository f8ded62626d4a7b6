/**
 * Writes the ledger (ledger-format.ts). `record` is to be called when a message is published: for core NATS when it was
 * handed to the connection, for JetStream when the server acknowledged it. What is kept between two flushes is bounded
 * by the number of series and by the messages of one tick.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { LedgerKind, LedgerSeries, LedgerSummary } from './ledger-format.ts';
import type {
  DeskMessage,
  FillItem,
  HealthItem,
  MetricItem,
  OrderItem,
  QuoteItem,
  SignalItem,
  SpanItem,
  TradeItem,
} from './model/message.ts';
import { PROBE_METRIC } from './model/desk-report.ts';

interface Entry {
  readonly id: number;
  count: number;
  sum: number;
  values: number[];
}

export interface LedgerSink {
  write(line: string): void;
  close(): Promise<void>;
}

export class Ledger {
  readonly #sink: LedgerSink;
  readonly #entries = new Map<string, Entry>();
  readonly #touched = new Set<Entry>();
  #published = 0;
  #messages = 0;

  constructor(sink: LedgerSink) {
    this.#sink = sink;
  }

  /** Samples and events so far. */
  get published(): number {
    return this.#published;
  }

  get messages(): number {
    return this.#messages;
  }

  /** `sentMs`: when it left, milliseconds since 1970. */
  record(message: DeskMessage, sentMs: number): void {
    this.#messages += 1;
    this.#published += message.items.length;
    switch (message.kind) {
      case 'metric':
        for (const item of message.items) this.#metric(item, sentMs);
        break;
      case 'order':
        for (const item of message.items) this.#order(item);
        break;
      case 'fill':
        for (const { venue, strategy = '', symbol, side, quantity } of message.items satisfies readonly FillItem[]) {
          this.#add('event', 'fills_total', { venue, strategy, symbol, side }, quantity);
        }
        break;
      case 'quote':
        for (const { venue, symbol } of message.items satisfies readonly QuoteItem[]) {
          this.#add('event', 'quotes_total', { venue, symbol }, 1);
        }
        break;
      case 'health':
        for (const { component, instance = '' } of message.items satisfies readonly HealthItem[]) {
          this.#add('event', 'heartbeats_total', { component, instance }, 1);
        }
        break;
      default:
        this.#recordOther(message);
    }
  }

  #recordOther(message: DeskMessage): void {
    switch (message.kind) {
      case 'trade':
        for (const { venue, symbol } of message.items satisfies readonly TradeItem[]) {
          this.#add('event', 'market_trades_total', { venue, symbol }, 1);
        }
        break;
      case 'span':
        for (const item of message.items) this.#span(item);
        break;
      case 'signal':
        for (const item of message.items) this.#signal(item);
        break;
      case 'fx':
        for (const { base, quote, rate } of message.items) this.#add('gauge', 'fx_rate', { base, quote }, rate);
        break;
      case 'exchange':
        for (const { venue, api = '', connection } of message.items) {
          this.#add('gauge', 'exchange_connected', { venue, api }, connection === 'connected' ? 1 : 0);
        }
    }
  }

  #span({ service = '', name, kind = 'internal', status = 'unset' }: SpanItem): void {
    const labels = { service, span_name: name, span_kind: `SPAN_KIND_${kind.toUpperCase()}` };
    const status_code = `STATUS_CODE_${status.toUpperCase()}`;
    this.#add('event', 'traces_spanmetrics_calls_total', { ...labels, status_code }, 1);
  }

  #signal({ agent, event = 'prediction', prediction, outcome, reason = '' }: SignalItem): void {
    if (event === 'prediction') this.#add('event', 'agent_predictions_total', { agent }, 1);
    else if (event === 'failure') this.#add('event', 'agent_failures_total', { agent, reason }, 1);
    else {
      const product = (prediction ?? 0) * (outcome ?? 0);
      const result = product > 0 ? 'right' : product < 0 ? 'wrong' : 'flat';
      this.#add('event', 'agent_outcomes_total', { agent, result }, 1);
    }
  }

  #metric({ name, type = 'gauge', value, labels = {} }: MetricItem, sentMs: number): void {
    const text = Object.fromEntries(Object.entries(labels).map(([label, content]) => [label, String(content)]));
    this.#add(type === 'histogram' ? 'observation' : type, name, text, Number(value));
    if (name === PROBE_METRIC && value === 1) this.#line({ probe: { publishedMs: sentMs } });
  }

  #order({ venue, strategy = '', symbol, event, time, sent_time: sent }: OrderItem): void {
    this.#add('event', 'order_events_total', { venue, strategy, symbol, event }, 1);
    if ((event === 'ack' || event === 'reject') && sent !== undefined) {
      const seconds = Number(BigInt(time) - BigInt(sent)) / 1e9;
      this.#add('latency', 'order_ack_seconds', { venue, strategy }, seconds).values.push(seconds);
    }
  }

  #add(kind: LedgerKind, name: string, labels: Readonly<Record<string, string>>, value: number): Entry {
    const key = JSON.stringify([name, labels]);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { id: this.#entries.size, count: 0, sum: 0, values: [] };
      this.#entries.set(key, entry);
      const announced: LedgerSeries = { series: entry.id, kind, name, labels: { ...labels } };
      this.#line(announced);
    }
    entry.count += 1;
    entry.sum += value;
    this.#touched.add(entry);
    return entry;
  }

  /** Writes what came since the last flush as one line. */
  flush(nowMs: number): void {
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched];
    const add = touched.map(({ id, count, sum }) => [id, count, sum]);
    const values = touched.filter((entry) => entry.values.length > 0).map((entry) => [entry.id, entry.values]);
    this.#line({ at: nowMs, add, values });
    for (const entry of touched) Object.assign(entry, { count: 0, sum: 0, values: [] });
    this.#touched.clear();
  }

  async close(summary: Omit<LedgerSummary, 'published' | 'messages'>): Promise<void> {
    this.flush(summary.endedMs);
    this.#line({ summary: { ...summary, published: this.#published, messages: this.#messages } });
    await this.#sink.close();
  }

  #line(line: object): void {
    this.#sink.write(`${JSON.stringify(line)}\n`);
  }
}

/** A new file, or one emptied; its directory must exist. */
export function fileSink(path: string): LedgerSink {
  const stream: WriteStream = createWriteStream(path, { flush: true });
  return {
    write: (line) => void stream.write(line),
    close: async () => {
      stream.end();
      await finished(stream);
    },
  };
}

export const noSink: LedgerSink = { write: () => undefined, close: () => Promise.resolve() };
