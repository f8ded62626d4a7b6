/** The JSON that is bundled says what the .proto files say. Regenerate with UPDATE_GOLDEN=1. */
import { loadSync } from '@grpc/proto-loader';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Root } from 'protobufjs';
import { PROTO_OPTIONS, serviceDefinition } from './proto.ts';

const FILES = ['pluginv2.proto', 'controller.proto', 'health.proto'].map((name) => join(__dirname, name));
const JSON_FILE = join(__dirname, 'pluginv2.json');

describe('pluginv2.json', () => {
  it('is what the .proto files yield', () => {
    const root = new Root();
    root.loadSync(FILES, { keepCase: true });
    const generated = `${JSON.stringify(root.toJSON(), null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(JSON_FILE, generated);
    expect(JSON.parse(readFileSync(JSON_FILE, 'utf8'))).toEqual(JSON.parse(generated));
  });

  it.each([
    ['pluginv2.Data', ['QueryData']],
    ['pluginv2.Diagnostics', ['CheckHealth', 'CollectMetrics']],
    ['pluginv2.Resource', ['CallResource']],
    ['pluginv2.Stream', ['PublishStream', 'RunStream', 'SubscribeStream']],
    ['plugin.GRPCController', ['Shutdown']],
    ['grpc.health.v1.Health', ['Check', 'Watch']],
  ] as const)('%s has the methods of the .proto file', (name, methods) => {
    const fromFiles = loadSync(FILES, PROTO_OPTIONS)[name] as object;
    expect(Object.keys(serviceDefinition(name)).sort()).toEqual([...methods]);
    expect(Object.keys(fromFiles).sort()).toEqual([...methods]);
  });
});
