/**
 * The data source in the browser: a thin front of the sidecar. Queries always pass `super.query`, because public
 * dashboards, Live and request headers hang there; what decides anything is in pure functions beside this file.
 */
import {
  CoreApp,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type MetricFindValue,
  type ScopedVars,
} from '@grafana/data';
import { DataSourceWithBackend, getDataSourceSrv, getTemplateSrv } from '@grafana/runtime';
import type { DatasourceSettings } from '@tapewatch/contract';
import type { DataSourceJsonData } from '@grafana/schema';
import { lastValueFrom, map, type Observable } from 'rxjs';
import { withFailure } from './failure.ts';
import { withLinks } from './links.ts';
import { interpolateQuery, type Replace } from './interpolate.ts';
import { createMetadata, type Metadata } from './metadata.ts';
import { migrateQuery } from './migrate-query.ts';
import { defaultQuery, displayText, isRunnable, toDocument, type TapewatchQuery } from './query.ts';
import { findValues } from './variable/find-values.ts';
import { TapewatchVariableSupport } from './variable/variable-support.ts';
import type { VariableQuery } from './variable/variable-query.ts';

export interface TapewatchOptions extends DataSourceJsonData, Partial<DatasourceSettings> {}

/** Secrets go to the server and never come back. */
export interface TapewatchSecrets {
  token?: string;
}

export class TapewatchDatasource extends DataSourceWithBackend<TapewatchQuery, TapewatchOptions> {
  readonly metadata: Metadata;
  readonly settings: TapewatchOptions;

  constructor(instance: DataSourceInstanceSettings<TapewatchOptions>) {
    super(instance);
    this.settings = instance.jsonData;
    if (instance.jsonData.minInterval !== undefined) this.interval = instance.jsonData.minInterval;
    this.metadata = createMetadata((path, parameters) =>
      // A missing name is no reason to alarm the user: the editor just completes less.
      this.getResource(path, parameters, { showErrorAlert: false }),
    );
    this.variables = new TapewatchVariableSupport(this);
  }

  override query(request: DataQueryRequest<TapewatchQuery>): Observable<DataQueryResponse> {
    const answers = super.query({ ...request, targets: request.targets.map(migrateQuery) });
    const { exemplarTraceIdDestinations: destinations = [] } = this.settings;
    const sourceOf = (uid: string) => getDataSourceSrv().getInstanceSettings(uid);
    const { panelPluginId } = request;
    return answers.pipe(
      map((response) => withFailure(withLinks(response, this, { destinations, sourceOf }), panelPluginId)),
    );
  }

  override getDefaultQuery(app: CoreApp): Partial<TapewatchQuery> {
    return defaultQuery(app === CoreApp.UnifiedAlerting ? 'promql' : this.settings.defaultEditor);
  }

  override filterQuery(query: TapewatchQuery): boolean {
    return isRunnable(migrateQuery(query));
  }

  override applyTemplateVariables(query: TapewatchQuery, scopedVars: ScopedVars): TapewatchQuery {
    return toDocument(this.#interpolate(migrateQuery(query), scopedVars));
  }

  override interpolateVariablesInQueries(queries: TapewatchQuery[], scopedVars: ScopedVars): TapewatchQuery[] {
    return queries.map((query) => ({
      ...this.#interpolate(migrateQuery(query), scopedVars),
      datasource: this.getRef(),
    }));
  }

  #interpolate(query: TapewatchQuery, scopedVars: ScopedVars): TapewatchQuery {
    const replace: Replace = (text, variables, format) => getTemplateSrv().replace(text, variables, format as never);
    return interpolateQuery(query, scopedVars, replace);
  }

  override getQueryDisplayText(query: TapewatchQuery): string {
    return displayText(migrateQuery(query));
  }

  /** Older dashboards and other plugins call this; variables of today come by `variables`. */
  override metricFindQuery(
    query: VariableQuery | string,
    options?: { scopedVars?: ScopedVars },
  ): Promise<MetricFindValue[]> {
    return findValues(query, {
      metadata: this.metadata,
      replace: (text) => getTemplateSrv().replace(text, options?.scopedVars ?? {}),
      series: (selector) => this.#seriesOf(selector, options as Partial<DataQueryRequest<TapewatchQuery>> | undefined),
    });
  }

  /** The label sets that a selector has now, by an instant query. */
  async #seriesOf(
    selector: string,
    options: Partial<DataQueryRequest<TapewatchQuery>> | undefined,
  ): Promise<Record<string, string>[]> {
    const request = {
      requestId: `${this.uid}-series`,
      interval: '1s',
      intervalMs: 1000,
      startTime: 0,
      timezone: 'browser',
      app: CoreApp.Dashboard,
      scopedVars: {},
      ...options,
      targets: [{ refId: 'series', queryType: 'promql', expr: selector, instant: true }],
    } as unknown as DataQueryRequest<TapewatchQuery>;
    const { data, errors } = await lastValueFrom(super.query(request));
    const failure = errors?.[0]?.message;
    if (failure !== undefined) throw new Error(failure);
    return data.flatMap((frame: { fields: { labels?: Record<string, string> }[] }) =>
      frame.fields.flatMap((field) => (field.labels === undefined ? [] : [field.labels])),
    );
  }
}
