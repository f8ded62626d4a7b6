/** What a panel of Grafana gets for a query: the frames of pluginv2, decoded. */
import { type Table, tableFromIPC } from 'apache-arrow';
import type { QueryDataResponse } from '../../sidecar/src/grafana/message.ts';
import type { GrafanaConnection } from '../protocol/grafana-client.ts';
import { contextWith } from '../protocol/grafana-world.ts';

export interface TimeRange {
  readonly fromEpochMS: number;
  readonly toEpochMS: number;
}

/** Throws the error that the panel would show. */
export async function panelFrames(
  grafana: GrafanaConnection,
  document: object,
  timeRange: TimeRange,
): Promise<Table[]> {
  const json = Buffer.from(JSON.stringify(document));
  const query = { refId: 'A', maxDataPoints: 500, intervalMS: 1_000, timeRange, json, queryType: '' };
  const { responses } = await grafana.call<QueryDataResponse>('pluginv2.Data', 'QueryData', {
    pluginContext: contextWith(),
    headers: {},
    queries: [query],
  });
  const answer = responses['A'];
  if (answer?.status !== 200) throw new Error(answer?.error ?? 'no answer');
  return answer.frames.map((bytes) => tableFromIPC(bytes));
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
