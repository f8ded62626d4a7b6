/** Calls of pluginv2 as Grafana makes them, for tests. */
import { credentials, makeGenericClientConstructor, type Client, type ClientReadableStream } from '@grpc/grpc-js';
import { serviceDefinition, type ServiceName } from '../../sidecar/src/grafana/proto.ts';

export interface GrafanaConnection {
  call<Response>(service: ServiceName, method: string, request: object): Promise<Response>;
  stream(service: ServiceName, method: string, request: object): ClientReadableStream<Record<string, unknown>>;
  client(service: ServiceName): Client;
  close(): void;
}

/** `address`: as the server tells it, `unix:/path` or `tcp:host:port`. */
export function connectAsGrafana(address: string): GrafanaConnection {
  const target = address.replace(/^tcp:/, '');
  const clients = new Map<ServiceName, Client>();
  const client = (service: ServiceName): Client => {
    let known = clients.get(service);
    if (known === undefined) {
      const Constructor = makeGenericClientConstructor(serviceDefinition(service), service);
      known = new Constructor(target, credentials.createInsecure());
      clients.set(service, known);
    }
    return known;
  };
  const methodOf = (service: ServiceName, method: string) => {
    const invoke: unknown = Reflect.get(client(service), method);
    if (typeof invoke !== 'function') throw new Error(`no method ${method}`);
    return invoke;
  };
  return {
    client,
    call: (service, method, request) =>
      new Promise((resolve, reject) => {
        methodOf(service, method).call(client(service), request, (error: unknown, response: never) =>
          error ? reject(error as Error) : resolve(response),
        );
      }),
    stream: (service, method, request) =>
      methodOf(service, method).call(client(service), request) as ClientReadableStream<Record<string, unknown>>,
    close: () => {
      for (const one of clients.values()) one.close();
    },
  };
}
