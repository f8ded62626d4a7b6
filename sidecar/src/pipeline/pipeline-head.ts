/** What the pipeline asks of the head, which answers for the present. */
import type { ColumnBatch } from '../ports.ts';
import type { Forgotten } from './handover.ts';
import type { RestingHead } from './silent-series.ts';

export interface PipelineHead extends RestingHead {
  /** Takes in every row before it is durable; the columns are the caller's and change afterwards. */
  append(rows: Pick<ColumnBatch, 'samples' | 'histograms'>): void;
  /** Closes the seconds of a stream that end at or before the watermark; adds the names of distributions that show more. */
  seal(stream: string, watermarkSeconds: number, changedNames: Map<string, number>): void;
  isLate(stream: string, second: number): boolean;
  /** Lets go of what is too old, when it is time to; returns what it was. */
  evict(): Forgotten | undefined;
}
