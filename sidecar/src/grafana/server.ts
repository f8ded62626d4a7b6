/**
 * The pluginv2 gRPC server: what Grafana believes to be the process that it started is the locator; the calls come here.
 * GRPCController.Shutdown is answered and ignored, because Grafana stops its plugins and the sidecar is not one of them.
 */
import {
  logVerbosity,
  Server,
  setLogVerbosity,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { TapewatchError } from '../errors.ts';
import type { Clock, QueryService, StoreReader } from '../ports.ts';
import { authentication } from './authentication.ts';
import { checkHealth, type HealthReport } from './diagnostics.ts';
import { bind, isUnixSocket, type ListenOptions } from './listen.ts';
import { LiveHub } from './live-hub.ts';
import type {
  CallResourceRequest,
  CallResourceResponse,
  CheckHealthRequest,
  CollectMetricsRequest,
  CollectMetricsResponse,
  QueryDataRequest,
  StreamPacket,
  StreamRequest,
} from './message.ts';
import { serviceDefinition } from './proto.ts';
import { answerQueryData } from './query-data.ts';
import { callResource, type ResourceDeps } from './resource.ts';
import { publish, runStream, subscribe } from './stream.ts';

export interface GrafanaServerDeps {
  readonly queryService: QueryService;
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly metadata: ResourceDeps['metadata'];
  readonly health: () => Promise<HealthReport>;
  /** The sidecar's own metrics in Prometheus text format. */
  readonly metrics: () => Promise<string>;
  readonly version: string;
  readonly logger: { warn(fields: Readonly<Record<string, unknown>>, message: string): void };
}

export interface GrafanaServerOptions extends ListenOptions {
  /** SHA-256 of accepted tokens, hex, optionally after `sha256:`. */
  readonly tokenHashes?: readonly string[];
  /** Alert rules get less: see ALERT_TIMEOUT_MS. */
  readonly queryTimeoutMs?: number;
  readonly liveChannelsMax?: number;
}

export interface GrafanaServer {
  /** In the form of `listen`, with the real port. */
  readonly address: string;
  /** Ends open calls after a moment and stops listening. */
  close(): Promise<void>;
}

const QUERY_TIMEOUT_MS = 30_000;
/** Grafana's `evaluation_timeout` is 30 s; past it a rule learns nothing of the reason. */
const ALERT_TIMEOUT_MS = 25_000;
const LIVE_CHANNELS_MAX = 1_000;
const MESSAGE_BYTES_MAX = 16 * 1_048_576;
const CLOSE_TIMEOUT_MS = 2_000;

/** Throws `config.invalid` or `listen.refused`. */
export async function startGrafanaServer(
  deps: GrafanaServerDeps,
  options: GrafanaServerOptions,
): Promise<GrafanaServer> {
  // The library prints to the console; what goes wrong is thrown or logged by us.
  setLogVerbosity(logVerbosity.NONE);
  const authenticate = authentication(options.tokenHashes ?? [], isUnixSocket(options));
  const onInternalError = (error: unknown): void => deps.logger.warn({ err: error }, 'a request from Grafana failed');
  const { queryService, clock } = deps;
  const live = new LiveHub({
    queryService,
    clock,
    channelsMax: options.liveChannelsMax ?? LIVE_CHANNELS_MAX,
    onError: onInternalError,
  });
  const timeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_send_message_length': -1,
  });
  const alertTimeoutMs = ALERT_TIMEOUT_MS;
  const queryDeps = { queryService, authenticate, live, timeoutMs, alertTimeoutMs, onInternalError };
  server.addService(serviceDefinition('pluginv2.Data'), {
    QueryData: unary((request: QueryDataRequest, signal) => answerQueryData(request, queryDeps, signal)),
  });
  server.addService(serviceDefinition('pluginv2.Diagnostics'), {
    CheckHealth: unary((request: CheckHealthRequest) =>
      checkHealth(request, { health: deps.health, authenticate, onInternalError }),
    ),
    CollectMetrics: unary(async (request: CollectMetricsRequest): Promise<CollectMetricsResponse> => {
      // Grafana collects without a data source, so there is no token to check; a socket is guarded by its mode.
      if (!isUnixSocket(options)) authenticate(request.pluginContext);
      return { metrics: { prometheus: Buffer.from(await deps.metrics()) } };
    }),
  });
  const resourceDeps: ResourceDeps = { ...deps, authenticate, onInternalError };
  server.addService(serviceDefinition('pluginv2.Resource'), { CallResource: resourceHandler(resourceDeps) });
  server.addService(serviceDefinition('pluginv2.Stream'), {
    SubscribeStream: unary((request: StreamRequest) => Promise.resolve(subscribe(request, live, authenticate))),
    PublishStream: unary(() => Promise.resolve(publish())),
    RunStream: (call: ServerWritableStream<StreamRequest, StreamPacket>) => runStream(call, live, authenticate),
  });
  addPluginServices(server);
  const address = await bind(server, options);
  return {
    address,
    close: async () => {
      live.close();
      await closeServer(server);
    },
  };
}

/** What go-plugin's client asks of every plugin. */
function addPluginServices(server: Server): void {
  const serving = { status: 'SERVING' };
  server.addService(serviceDefinition('grpc.health.v1.Health'), {
    Check: unary(({ service }: { service: string }) => {
      if (service === '' || service === 'plugin') return Promise.resolve(serving);
      return Promise.reject(Object.assign(new Error(`unknown service ${service}`), { code: status.NOT_FOUND }));
    }),
    Watch: (call: ServerWritableStream<unknown, typeof serving>) => {
      call.write(serving);
    },
  });
  server.addService(serviceDefinition('plugin.GRPCController'), { Shutdown: unary(() => Promise.resolve({})) });
}

function unary<Request, Response>(
  answer: (request: Request, signal: AbortSignal) => Promise<Response>,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  return (call, callback) => {
    const cancelled = abortOnCancel(call);
    answer(call.request, cancelled).then(
      (response) => callback(null, response),
      (error: unknown) => callback(grpcError(error)),
    );
  };
}

function resourceHandler(deps: ResourceDeps) {
  return (call: ServerWritableStream<CallResourceRequest, CallResourceResponse>): void => {
    void callResource(call.request, deps, abortOnCancel(call)).then((response) => {
      call.write(response);
      call.end();
    });
  };
}

function abortOnCancel(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  return controller.signal;
}

function grpcError(error: unknown): { code: status; details: string } {
  if (error instanceof TapewatchError) {
    const code = error.code.startsWith('auth.') ? status.UNAUTHENTICATED : status.INTERNAL;
    return { code, details: error.message };
  }
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : status.INTERNAL;
  return { code, details: error instanceof Error ? error.message : 'unknown error' };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), CLOSE_TIMEOUT_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
