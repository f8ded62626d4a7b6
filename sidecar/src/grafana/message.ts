/** The pluginv2 messages as proto-loader yields them; only what is read or written here. See pluginv2.proto. */

export interface PluginContext {
  readonly orgId: number;
  readonly user: { readonly login: string; readonly role: string } | null;
  readonly dataSourceInstanceSettings: {
    readonly uid: string;
    readonly name: string;
    readonly jsonData: Uint8Array;
    readonly decryptedSecureJsonData: Readonly<Record<string, string>>;
  } | null;
}

interface WithContext {
  readonly pluginContext: PluginContext | null;
}

export interface DataQuery {
  readonly refId: string;
  readonly maxDataPoints: number;
  readonly intervalMS: number;
  readonly timeRange: { readonly fromEpochMS: number; readonly toEpochMS: number } | null;
  readonly json: Uint8Array;
  readonly queryType: string;
}

export interface QueryDataRequest extends WithContext {
  readonly headers: Readonly<Record<string, string>>;
  readonly queries: readonly DataQuery[];
}

/** `downstream`: the user's query or configuration; `plugin`: ours. */
export type ErrorSource = 'downstream' | 'plugin';

export interface DataResponse {
  readonly frames: readonly Uint8Array[];
  readonly error?: string;
  readonly status: number;
  readonly errorSource?: ErrorSource;
}

export interface QueryDataResponse {
  readonly responses: Readonly<Record<string, DataResponse>>;
}

export type CheckHealthRequest = WithContext;

export interface CheckHealthResponse {
  readonly status: 'OK' | 'ERROR';
  readonly message: string;
  readonly jsonDetails: Uint8Array;
}

export type CollectMetricsRequest = WithContext;

export interface CollectMetricsResponse {
  readonly metrics: { readonly prometheus: Uint8Array };
}

export interface CallResourceRequest extends WithContext {
  readonly path: string;
  readonly method: string;
  readonly url: string;
}

export interface CallResourceResponse {
  readonly code: number;
  readonly headers: Readonly<Record<string, { readonly values: readonly string[] }>>;
  readonly body: Uint8Array;
}

export interface StreamRequest extends WithContext {
  readonly path: string;
  readonly data: Uint8Array;
}

export interface SubscriptionResponse {
  readonly status: 'OK' | 'NOT_FOUND' | 'PERMISSION_DENIED';
  readonly data: Uint8Array;
}

export interface StreamPacket {
  readonly data: Uint8Array;
}
