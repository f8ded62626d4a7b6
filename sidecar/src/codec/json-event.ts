/**
 * Messages of plain JSON events straight into the sink, for the kinds that come in great numbers. As with metrics, either the whole
 * message is taken or nothing of it: at the first item that is not plain, the careful way reads the message from its start.
 */
import type { TradingEvent } from '@tapewatch/core';
import type { DecodeContext, SampleSink } from '../ports.ts';
import { EVENT_READERS } from './event.ts';
import { EventScanner } from './event-scanner.ts';
import { type ItemScanner, scanItems } from './json-byte.ts';
import { EVENT_PLANS, isPlanned, type PlannedKind } from './planned-events.ts';
import { Fault } from './problem.ts';
import type { StampReader } from './stamp.ts';
import { TextTable } from './text-table.ts';

export class JsonEventWay implements ItemScanner {
  readonly #scanners: Readonly<Record<PlannedKind, EventScanner>>;
  #kind: PlannedKind = 'order';
  #scanner: EventScanner;
  #context: DecodeContext | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  /** Of one message, whose size is bounded. */
  #held: TradingEvent[] = [];

  constructor(stamp: StampReader) {
    const texts = new TextTable();
    const scanners = Object.entries(EVENT_PLANS).map(
      ([kind, plan]) => [kind, new EventScanner(plan, stamp, texts)] as const,
    );
    this.#scanners = Object.fromEntries(scanners) as Record<PlannedKind, EventScanner>;
    this.#scanner = this.#scanners.order;
  }

  /** True when every item was plain and is in the sink; false when the sink has nothing of the message. */
  take(bytes: Uint8Array, context: DecodeContext, sink: SampleSink): boolean {
    if (!isPlanned(context.payloadKind)) return false;
    this.#kind = context.payloadKind;
    this.#scanner = this.#scanners[this.#kind];
    this.#context = context;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const taken = scanItems(this.#bytes, this);
    const held = this.#held;
    this.#held = [];
    if (taken) for (let i = 0; i < held.length; i++) sink.event(held[i] as TradingEvent);
    return taken;
  }

  /** Reads one event into those that are held; for `scanItems`. */
  item(_bytes: Uint8Array, at: number): number {
    const context = this.#context as DecodeContext;
    const end = this.#scanner.scan(this.#bytes, at, context.labels);
    if (end < 0) return -1;
    const { message } = this.#scanner;
    const reader = EVENT_READERS[this.#kind];
    if (reader.isPlain?.(message) === false) return -1;
    const event = reader.rowOf(message as never, context);
    if (event instanceof Fault) return -1;
    this.#held.push(event);
    return end;
  }
}
