/** What the HTTP API needs of the rest: ports, and two narrow views that app.ts fills. */
import type { Matcher, SeriesKind } from '@tapewatch/core';
import type {
  AlertHistoryView,
  AlertingView,
  BackupResult,
  Clock,
  Intake,
  FindExemplars,
  HealthHistory,
  Logger,
  PromqlEngine,
  QueryLine,
  QueryService,
  SourceStatus,
  StoreReader,
  TargetsView,
  Telemetry,
  TraceFinder,
} from '../ports.ts';

export interface HttpDeps {
  readonly engine: PromqlEngine;
  readonly exemplars: FindExemplars;
  /** For reads that neither the engine nor the query service puts into the line. */
  readonly line: QueryLine;
  readonly reader: StoreReader;
  readonly queryService: QueryService;
  readonly traces: TraceFinder;
  readonly alerting: AlertingView;
  /** Absent where nothing is written. */
  readonly intake?: Intake;
  /** Absent where nothing is scraped. */
  readonly targets?: TargetsView;
  readonly catalogue: {
    metrics(): readonly {
      readonly name: string;
      readonly kind: SeriesKind;
      readonly unit: string;
      readonly help: string;
    }[];
    /** Matchers of a series selector. Throws `query.parse`. */
    matchers(selector: string): readonly Matcher[];
  };
  /** For `/readyz`. */
  readonly health: () => Promise<{
    readonly version: string;
    readonly source: SourceStatus;
    readonly store: { readonly ok: boolean; readonly detail: string };
  }>;
  readonly telemetry: {
    readonly port: Telemetry;
    readonly contentType: string;
    text(): Promise<string>;
    httpAnswered(route: string, status: number, seconds: number): void;
  };
  /** Absent where nothing is kept. */
  readonly backUp?: (target: string) => Promise<Pick<BackupResult, 'files' | 'bytes' | 'rows'>>;
  /** Absent where none is kept. */
  readonly histories?: { readonly alerts: AlertHistoryView; readonly health: HealthHistory };
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
}
