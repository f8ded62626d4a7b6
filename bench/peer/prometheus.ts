/** Prometheus with its remote write receiver: 5,000 samples a request. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerData } from './data.ts';
import { sendAll } from './http-load.ts';
import { BATCH, HttpPeer, type Place } from './http-peer.ts';
import { REMOTE_WRITE_HEADERS, RemoteWriteEncoder } from './remote-write.ts';

export class Prometheus extends HttpPeer {
  readonly name = 'prometheus, remote write';
  protected readonly command = 'prometheus';
  protected readonly readyPath = '/-/ready';

  protected argumentsFor({ folder, data, address }: Place): readonly string[] {
    const config = join(folder, 'prometheus.yml');
    writeFileSync(config, 'global: {}\n');
    return [
      ...[`--config.file=${config}`, `--web.listen-address=${address}`, '--web.enable-remote-write-receiver'],
      ...[`--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=30d', '--log.level=warn'],
    ];
  }

  async load(data: PeerData): Promise<void> {
    const encoder = new RemoteWriteEncoder(data);
    await sendAll(this.api, '/api/v1/write', bodies(data, encoder), 1);
  }
}

function* bodies(
  data: PeerData,
  encoder: RemoteWriteEncoder,
): Generator<{ body: Uint8Array; headers: Record<string, string> }> {
  for (const batch of data.batches(BATCH)) yield { body: encoder.encode(batch), headers: REMOTE_WRITE_HEADERS };
}
