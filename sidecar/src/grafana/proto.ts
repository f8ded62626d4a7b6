/**
 * The gRPC service definitions, from `pluginv2.json`: the JSON form of the three .proto files beside this one, so that
 * the bundle needs no file at run time. A test demands that both say the same.
 */
import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON, type PackageDefinition } from '@grpc/proto-loader';
import definitions from './pluginv2.json';

/** 64-bit integers carry milliseconds and ids, all within 2^53. */
export const PROTO_OPTIONS = { keepCase: true, longs: Number, enums: String, defaults: true } as const;

/** A JSON import has literal types, which are narrower than what the loader asks for. */
const json: object = definitions;
const packageDefinition: PackageDefinition = fromJSON(json, PROTO_OPTIONS);

export type ServiceName =
  | 'pluginv2.Data'
  | 'pluginv2.Diagnostics'
  | 'pluginv2.Resource'
  | 'pluginv2.Stream'
  | 'plugin.GRPCController'
  | 'grpc.health.v1.Health';

export function serviceDefinition(name: ServiceName): ServiceDefinition {
  return packageDefinition[name] as ServiceDefinition;
}
