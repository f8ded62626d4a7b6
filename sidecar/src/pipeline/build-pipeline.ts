/** From settings to the pipeline: each configured stream gets its policy, its codec and the labels of its subjects. */
import type { Batch, Clock, Codec, DecodeContext, Logger, Recovery, Telemetry } from '../ports.ts';
import type { PipelineSettings } from './pipeline-options.ts';
import { Pipeline } from './pipeline.ts';

/** The stream that the samples of recording rules belong to. */
export const RECORDED_STREAM = 'recorded';

export interface ConfiguredStream {
  readonly name: string;
  readonly payloadKind: DecodeContext['payloadKind'];
  readonly watermarkDelayMs: number;
  readonly latenessMs: number;
  readonly codec: (contentType: string) => Codec;
  readonly labels: (subject: string) => Readonly<Record<string, string>>;
}

export interface PipelineDeps {
  readonly settings: PipelineSettings;
  readonly streams: readonly ConfiguredStream[];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly head: { append(batch: Batch): void };
  readonly append: (batch: Batch) => Promise<{ readonly duplicates: number }>;
  readonly onFatal: (error: unknown) => void;
}

export function buildPipeline(deps: PipelineDeps, recovery: Recovery): Pipeline {
  const { settings, streams, telemetry } = deps;
  const recorded: ConfiguredStream = {
    name: RECORDED_STREAM,
    payloadKind: 'metric',
    watermarkDelayMs: 1_000,
    latenessMs: 3_600_000,
    codec: () => {
      throw new Error('bug: recording rules send no messages');
    },
    labels: () => ({}),
  };
  const pipeline = new Pipeline(
    {
      ...deps,
      streams: [...streams, recorded].map(({ name, payloadKind, codec, labels, ...delays }) => ({
        payloadKind,
        codec,
        labels,
        policy: {
          name,
          watermarkDelayMs: delays.watermarkDelayMs,
          idleDelayMs: Math.max(settings.idleDelayMs, delays.watermarkDelayMs),
          maxLatenessMs: delays.latenessMs,
          maxFutureMs: settings.maxFutureMs,
          scale: settings.histogramScale,
        },
      })),
      limits: { maxSeries: settings.maxSeries, maxNewPerSecond: settings.maxNewSeriesPerSecond },
      flushIntervalMs: settings.flushIntervalMs,
      commitIntervalMs: settings.commitIntervalMs,
      maxBatchRows: settings.maxBatchRows,
      maxPendingRows: settings.maxPendingRows,
    },
    recovery,
  );
  telemetry.level('series', 'Series known.', () => pipeline.seriesCount);
  telemetry.level('pending_rows', 'Rows that wait for their batch.', () => pipeline.pendingRows);
  return pipeline;
}
