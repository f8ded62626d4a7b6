/** From settings to the pipeline: each configured stream gets its policy, its codec and the labels of its subjects. */
import type { Clock, ColumnBatch, DecodeContext, Envelope, Logger, Recovery, Codec, Telemetry } from '../ports.ts';
import { kindByName, type KindPatterns } from './kind-pattern.ts';
import type { PipelineSettings } from './pipeline-options.ts';
import type { PipelineHead } from './pipeline-head.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';

/** The stream that the samples of recording rules belong to. */
export const RECORDED_STREAM = 'recorded';

export interface ConfiguredStream {
  readonly name: string;
  readonly payloadKind: DecodeContext['payloadKind'];
  readonly watermarkDelayMs: number;
  readonly latenessMs: number;
  readonly kinds: KindPatterns;
  readonly codec: (contentType: string) => Codec;
  readonly labels: (message: Pick<Envelope, 'subject'>) => Readonly<Record<string, string>>;
}

export interface PipelineDeps {
  readonly settings: PipelineSettings;
  readonly streams: readonly ConfiguredStream[];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly head: PipelineHead;
  readonly append: (batch: ColumnBatch) => Promise<{ readonly duplicates: number }>;
  readonly onFatal: (error: unknown) => void;
  readonly resting: PipelineOptions['resting'];
}

/** A stream whose samples the sidecar makes itself. */
export function internalStream(name: string): ConfiguredStream {
  return {
    name,
    payloadKind: 'metric',
    watermarkDelayMs: 1_000,
    latenessMs: 3_600_000,
    kinds: { counter: [], observation: [] },
    codec: () => {
      throw new Error(`bug: stream ${name} gets no messages`);
    },
    labels: () => ({}),
  };
}

export function buildPipeline(deps: PipelineDeps, recovery: Recovery): Pipeline {
  const { settings, streams, telemetry } = deps;
  const pipeline = new Pipeline(
    {
      ...deps,
      streams: streams.map(({ name, payloadKind, codec, labels, kinds, ...delays }) => ({
        payloadKind,
        codec,
        labels,
        policy: {
          name,
          watermarkDelayMs: delays.watermarkDelayMs,
          idleDelayMs: Math.max(settings.idleDelayMs, delays.watermarkDelayMs),
          maxLatenessMs: delays.latenessMs,
          maxFutureMs: settings.maxFutureMs,
          kindOf: kindByName(kinds),
        },
      })),
      limits: {
        maxSeries: settings.maxSeries,
        maxNewPerSecond: settings.maxNewSeriesPerSecond,
        maxSeriesPerStream: settings.maxSeriesPerStream,
      },
      flushIntervalMs: settings.flushIntervalMs,
      commitIntervalMs: settings.commitIntervalMs,
      maxBatchRows: settings.maxBatchRows,
      maxPendingRows: settings.maxPendingRows,
      maxExemplars: settings.maxExemplars,
      sloLimits: settings.sloLimits,
    },
    recovery,
  );
  telemetry.level('series', 'Series that have samples in memory, or had some lately.', () => pipeline.seriesCount);
  telemetry.level('resting_series', 'Series that are silent: only their names are kept in memory.', () => {
    return pipeline.registry.resting;
  });
  telemetry.level('exemplars', 'Exemplars that are kept in memory.', () => pipeline.exemplars.size);
  telemetry.level('pending_rows', 'Rows that wait for their batch.', () => pipeline.pendingRows);
  return pipeline;
}
