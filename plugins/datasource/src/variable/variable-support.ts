/** Connects our variable editor and its answers with Grafana's variables. */
import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { from, map, type Observable } from 'rxjs';
import type { TapewatchDatasource } from '../datasource.ts';
import { VariableEditor } from '../lazy-editors.tsx';
import type { TapewatchQuery } from '../query.ts';
import { DEFAULT_VARIABLE, type VariableQuery } from './variable-query.ts';

export class TapewatchVariableSupport extends CustomVariableSupport<TapewatchDatasource, VariableQuery> {
  override readonly editor = VariableEditor;
  readonly #datasource: TapewatchDatasource;

  constructor(datasource: TapewatchDatasource) {
    super();
    this.#datasource = datasource;
  }

  override getDefaultQuery(): Partial<TapewatchQuery> {
    // Grafana types it as the data source's query, and hands it to our variable editor.
    return DEFAULT_VARIABLE as unknown as Partial<TapewatchQuery>;
  }

  override query(request: DataQueryRequest<VariableQuery>): Observable<DataQueryResponse> {
    const [target] = request.targets;
    return from(this.#datasource.metricFindQuery(target ?? DEFAULT_VARIABLE, request)).pipe(map((data) => ({ data })));
  }
}
