/**
 * What passes between the threads. Class instances lose themselves in a structured clone, so labels travel as pairs (those of
 * answers once, then by number), distributions as base and deltas, and errors as plain objects; columns travel by transfer.
 */
import type {
  BookColumns,
  BookRequest,
  EncodedHistogram,
  EventTable,
  FeedGap,
  FillColumns,
  Matcher,
  SelectRequest,
} from '@tapewatch/core';
import { ERROR_CODES, TapewatchError, type ErrorCode } from '../../errors.ts';
import type { PackedLabels } from '../../label-exchange.ts';
import { reasonOf } from '../faults.ts';
import type { NoticeKind } from './maintenance.ts';
import type {
  EventExportRequest,
  EventFilter,
  FillArrivals,
  ExportedEvents,
  MarkRequest,
  MergeRequest,
  QuoteGapRequest,
  RawSlice,
  Recovery,
  StoreHealth,
  TraceSample,
  TraceSampleRequest,
  TradedInstrument,
} from '../../ports.ts';
import type { MergedSlices, SelectSlices } from '../slices.ts';
import type { PackedEvents } from './packed-events.ts';
import type { PackedBatch, PlainSeries, PlainTransition } from './packed-batch.ts';
import type { VerifiedBackup } from './verify-backup.ts';

export interface PlainRecovery extends Pick<Recovery, 'positions' | 'sealed'> {
  readonly series: readonly PlainSeries[];
  readonly openAlerts: readonly PlainTransition[];
}

/** The calls of the store's thread: arguments and result, all clonable. */
export interface StoreCalls {
  open: { arguments: []; result: PlainRecovery };
  append: { arguments: [PackedBatch]; result: { readonly duplicates: number } };
  select: { arguments: [SelectRequest]; result: SelectSlices };
  mergedHistograms: { arguments: [MergeRequest]; result: MergedSlices | undefined };
  series: { arguments: [readonly (readonly Matcher[])[], number, number]; result: PlainSeries[] };
  events: { arguments: [EventTable, EventFilter]; result: PackedEvents };
  exportEvents: { arguments: [EventExportRequest]; result: ExportedEvents };
  books: { arguments: [BookRequest]; result: BookColumns };
  fillColumns: { arguments: [EventFilter]; result: FillColumns };
  tradedInstruments: { arguments: [EventFilter]; result: readonly TradedInstrument[] };
  quoteGaps: { arguments: [QuoteGapRequest]; result: FeedGap[] | null };
  fillArrivals: { arguments: [EventFilter]; result: FillArrivals };
  marks: { arguments: [MarkRequest]; result: Float64Array };
  traceSample: { arguments: [TraceSampleRequest]; result: TraceSample | undefined };
  transitions: { arguments: [{ startNanos: bigint; endNanos: bigint; limit: number }]; result: PlainTransition[] };
  distributionTotals: {
    arguments: [readonly number[] | undefined];
    result: { seriesId: number; histogram: EncodedHistogram }[];
  };
  rawSince: { arguments: [string, bigint]; result: RawSlice[] };
  retain: { arguments: [bigint]; result: number };
  backUp: { arguments: [string]; result: VerifiedBackup };
  health: { arguments: []; result: StoreHealth };
  close: { arguments: []; result: undefined };
}

export type StoreMethod = keyof StoreCalls;

export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly method: StoreMethod; readonly arguments: readonly unknown[] }
  | { readonly kind: 'cancel'; readonly id: number };

export type FromWorker =
  /** `labels`: those of what was selected. They are taken in even when nobody waits any more: later ones count on it. */
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown; readonly labels?: PackedLabels }
  | { readonly kind: 'error'; readonly id: number; readonly error: PlainError }
  | { readonly kind: 'notice'; readonly message: string; readonly about: NoticeKind }
  /** The thread has met a bug and ends as soon as nothing is under way. */
  | { readonly kind: 'failed'; readonly message: string };

export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const BUG = 'bug';

export function plainError(error: unknown): PlainError {
  if (error instanceof TapewatchError) return { code: error.code, message: error.message, details: error.details };
  return { code: BUG, message: reasonOf(error), details: {} };
}

export function errorFrom({ code, message, details }: PlainError): Error {
  return code in ERROR_CODES
    ? new TapewatchError(code as ErrorCode, message, { details: { ...details } })
    : new RangeError(message);
}
