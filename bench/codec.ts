/**
 * What it costs to decode: seeded messages of each format through the registry into a sink that does nothing, CPU
 * nanoseconds per sample. Series numbers are cached, as they are after the first message of each series.
 */
import type { MetricKind } from '../packages/core/src/index.ts';
import { createCodecRegistry } from '../sidecar/src/codec/registry.ts';
import type { DecodeContext, SampleSink } from '../sidecar/src/ports.ts';
import { codecMessages } from './codec-messages.ts';

export interface CodecResult {
  readonly codec: string;
  readonly bytesPerSample: number;
  readonly minNanos: number;
  readonly medianNanos: number;
}

const ROUNDS = 9;
const SAMPLES_PER_ROUND = 400_000;

/** Counts and adds up, so that nothing is optimised away. */
class NullSink implements SampleSink {
  items = 0;
  checksum = 0;
  problems = 0;
  #next = 1;
  readonly #refs = new Map<string, number>();

  series(labels: { key: string }, kind: MetricKind): number {
    const key = `${kind}${labels.key}`;
    const known = this.#refs.get(key);
    if (known !== undefined) return known;
    this.#refs.set(key, this.#next);
    return this.#next++;
  }

  number(ref: number, seconds: number, nanos: number, value: number): void {
    this.items++;
    this.checksum += ref + seconds + nanos + value;
  }

  histogram(): void {
    this.items++;
  }

  stale(): void {
    this.items++;
  }

  exemplar(): void {
    this.items++;
  }

  event(): void {
    this.items++;
  }

  problem(): void {
    this.problems++;
  }
}

export function benchCodec(seriesCount: number): CodecResult[] {
  const nowNanos = 1_753_612_200_000_000_000n;
  const results: CodecResult[] = [];
  for (const { name, contentType, messages, samples } of codecMessages(seriesCount, nowNanos)) {
    const registry = createCodecRegistry();
    const sink = new NullSink();
    const context: DecodeContext = { payloadKind: 'metric', labels: {}, receivedNanos: nowNanos };
    const bytes = messages.reduce((sum, message) => sum + message.length, 0);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = sink.items;
      const cpu = process.cpuUsage();
      for (let pass = 0; pass < Math.max(1, SAMPLES_PER_ROUND / samples); pass++) {
        for (const message of messages) registry.codecFor(contentType, 'auto').decodeInto(message, context, sink);
      }
      const { user, system } = process.cpuUsage(cpu);
      times.push(((user + system) * 1000) / (sink.items - before));
    }
    if (sink.problems > 0) throw new Error(`${name}: ${sink.problems} problems in messages that are good`);
    times.sort((a, b) => a - b);
    results.push({
      codec: name,
      bytesPerSample: Math.round(bytes / samples),
      minNanos: Math.round(times[0] as number),
      medianNanos: Math.round(times[times.length >> 1] as number),
    });
  }
  return results;
}
