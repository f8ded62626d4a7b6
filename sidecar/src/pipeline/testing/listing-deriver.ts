/** A deriver that lists what an event yields as samples, for tests to look at. */
import { nanos, type Labels, type NumberSample, type TradingEvent } from '@tapewatch/core';
import type { CounterMark } from '../derived-cells.ts';
import { Deriver } from '../derive.ts';

export class ListingDeriver {
  #samples: NumberSample[] = [];
  readonly #deriver = new Deriver(({ labels, metric }, seconds, nanosOfSecond, value) => {
    const { kind, unit, help } = metric;
    const timeNanos = nanos(BigInt(seconds) * 1_000_000_000n + BigInt(nanosOfSecond));
    this.#samples.push({ kind, labels, timeNanos, value, unit, help });
  });

  seed(labels: Labels, mark: CounterMark): void {
    this.#deriver.seed(labels, mark);
  }

  derive(event: TradingEvent, receivedNanos: bigint): NumberSample[] {
    this.#deriver.derive(event, receivedNanos);
    const samples = this.#samples;
    this.#samples = [];
    return samples;
  }
}
