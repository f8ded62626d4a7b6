/**
 * The keys that Grafana 12.2 reads from provisioning files, as strict schemas. Grafana's own reader is not strict: a
 * misspelt key vanishes without a word (the sample file that ships with Grafana says `executionErrorState`, its code reads
 * `execErrState`), and some wrong values end the server. Sources: types.go of each folder of pkg/services/provisioning,
 * alerting/rules_types.go and contact_point_types.go.
 */
import { datasourceSettings, tapewatchQuery } from '@tapewatch/contract';
import { z } from 'zod';

const orgId = z.number().int().min(1);
const uid = z.string().regex(/^[A-Za-z0-9_-]{1,40}$/);
/** Units of Prometheus' durations, whole numbers only. */
const duration = z.string().regex(/^\d+(ms|s|m|h|d|w)$/);

const common = {
  name: z.string().min(1),
  uid,
  orgId,
  access: z.literal('proxy'),
  isDefault: z.boolean(),
  editable: z.literal(false),
};

const ownDatasource = z.strictObject({
  ...common,
  type: z.literal('tapewatch-trading-datasource'),
  jsonData: datasourceSettings.strict(),
  secureJsonData: z.strictObject({ token: z.string() }),
});

const rulesDatasource = z.strictObject({
  ...common,
  type: z.literal('prometheus'),
  url: z.string().min(1),
  jsonData: z.strictObject({
    httpMethod: z.enum(['GET', 'POST']),
    manageAlerts: z.literal(true),
    allowAsRecordingRulesTarget: z.literal(false),
    timeInterval: duration,
    httpHeaderName1: z.string().optional(),
  }),
  secureJsonData: z.strictObject({ httpHeaderValue1: z.string().optional() }).optional(),
});

/** Keys of Grafana's Jaeger data source: `JaegerJsonData` of its datasource.ts. */
const tracesDatasource = z.strictObject({
  ...common,
  type: z.literal('jaeger'),
  url: z.string().min(1),
  jsonData: z.strictObject({
    nodeGraph: z.strictObject({ enabled: z.boolean() }),
    httpHeaderName1: z.string().optional(),
  }),
  secureJsonData: z.strictObject({ httpHeaderValue1: z.string().optional() }).optional(),
});

export const datasourcesFile = z.strictObject({
  apiVersion: z.literal(1),
  prune: z.boolean().optional(),
  deleteDatasources: z.array(z.strictObject({ name: z.string(), orgId })).optional(),
  datasources: z
    .array(z.discriminatedUnion('type', [ownDatasource, rulesDatasource, tracesDatasource]))
    .refine((list) => list.filter(({ isDefault }) => isDefault).length <= 1, 'at most one data source is the default'),
});

export const dashboardsFile = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(
    z.strictObject({
      name: z.string().min(1),
      orgId,
      folder: z.string(),
      folderUid: uid,
      type: z.literal('file'),
      disableDeletion: z.boolean(),
      updateIntervalSeconds: z.number().int().min(10),
      allowUiUpdates: z.boolean(),
      // With a folder name, folders from the file structure are refused.
      options: z.strictObject({ path: z.string().min(1), foldersFromFilesStructure: z.literal(false) }),
    }),
  ),
});

const timeRange = z
  .strictObject({ from: z.number().int().min(1), to: z.number().int().min(0) })
  .refine(({ from, to }) => from > to, 'from must lie before to (both are seconds ago)');

const evaluator = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['gt', 'lt', 'gte', 'lte', 'eq', 'ne']), params: z.tuple([z.number()]) }),
  z.strictObject({ type: z.enum(['within_range', 'outside_range']), params: z.tuple([z.number(), z.number()]) }),
]);

const expressionModel = z.discriminatedUnion('type', [
  z.strictObject({
    refId: z.string(),
    type: z.literal('threshold'),
    expression: z.string(),
    conditions: z.tuple([z.strictObject({ evaluator })]),
  }),
  z.strictObject({
    refId: z.string(),
    type: z.literal('reduce'),
    expression: z.string(),
    reducer: z.enum(['sum', 'mean', 'min', 'max', 'count', 'last', 'median']),
  }),
  z.strictObject({ refId: z.string(), type: z.literal('math'), expression: z.string() }),
]);

const ownModel = z
  .object({ refId: z.string(), intervalMs: z.number().int().min(1), maxDataPoints: z.number().int().min(1) })
  .and(tapewatchQuery);

const ruleQuery = z.union([
  z.strictObject({
    refId: z.string(),
    datasourceUid: z.literal('__expr__'),
    relativeTimeRange: timeRange,
    model: expressionModel,
  }),
  z.strictObject({
    refId: z.string(),
    datasourceUid: z.literal('tapewatch'),
    relativeTimeRange: timeRange,
    model: ownModel,
  }),
]);

const rule = z
  .strictObject({
    uid,
    title: z.string().min(1).max(190),
    condition: z.string(),
    for: duration,
    noDataState: z.enum(['NoData', 'Alerting', 'OK', 'KeepLast']),
    execErrState: z.enum(['Error', 'Alerting', 'OK', 'KeepLast']),
    dashboardUid: z.string().optional(),
    panelId: z.number().int().optional(),
    isPaused: z.boolean().optional(),
    data: z.array(ruleQuery).min(1),
    labels: z.record(z.string(), z.string()),
    annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string().optional() }),
    notification_settings: z.strictObject({
      receiver: z.string(),
      group_by: z.array(z.string()).optional(),
      group_wait: duration.optional(),
      group_interval: duration.optional(),
      repeat_interval: duration.optional(),
    }),
  })
  .refine(({ condition, data }) => data.some(({ refId }) => refId === condition), 'condition names no query')
  .refine(({ data }) => data.every(({ refId, model }) => refId === model.refId), 'refId and model.refId differ');

export const rulesFile = z.strictObject({
  apiVersion: z.literal(1),
  deleteRules: z.array(z.strictObject({ orgId, uid })).optional(),
  groups: z.array(
    z.strictObject({
      orgId,
      name: z.string().min(1),
      folder: z.string().min(1),
      interval: duration.refine((text) => text.endsWith('s') && Number.parseInt(text, 10) % 10 === 0, {
        error: 'must be a multiple of 10 s, the base of the scheduler',
      }),
      rules: z.array(rule).min(1),
    }),
  ),
});

export const contactPointsFile = z.strictObject({
  apiVersion: z.literal(1),
  deleteContactPoints: z.array(z.strictObject({ orgId, uid })).optional(),
  contactPoints: z.array(
    z.strictObject({
      orgId,
      name: z.string().min(1),
      receivers: z.array(
        z.strictObject({
          uid,
          type: z.literal('webhook'),
          disableResolveMessage: z.boolean(),
          settings: z.strictObject({
            // A variable alone could be empty, and an empty address ends Grafana at its start.
            url: z.string().regex(/^(?!\$\{\w+\}$).+/, 'must not be empty when its variable is unset'),
            httpMethod: z.enum(['POST', 'PUT']),
            maxAlerts: z.string().regex(/^\d+$/),
          }),
        }),
      ),
    }),
  ),
});
