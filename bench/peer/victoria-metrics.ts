/** VictoriaMetrics, single node: line protocol over HTTP, 5,000 lines a request. */
import { request } from 'undici';
import { until } from '../../tools/demo/process.ts';
import type { PeerData } from './data.ts';
import { sendAll } from './http-load.ts';
import { BATCH, HttpPeer, type Place } from './http-peer.ts';

export class VictoriaMetrics extends HttpPeer {
  readonly name = 'victoria-metrics, line protocol';
  protected readonly command = 'victoria-metrics';
  protected readonly readyPath = '/health';

  protected argumentsFor({ data, address }: Place): readonly string[] {
    return [
      ...[`-httpListenAddr=${address}`, `-storageDataPath=${data}`, '-retentionPeriod=1y'],
      // Else answers of the last half minute are kept back, repeats come from a cache, and metrics are named by field too.
      ...['-search.latencyOffset=0s', '-search.disableCache', '-influxSkipSingleField'],
    ];
  }

  async load(data: PeerData): Promise<void> {
    await sendAll(this.api, '/write', bodies(data), 2);
    const all = async (): Promise<true | undefined> => (await this.count(data)) >= data.samples || undefined;
    await until(all, { what: 'every sample is counted', timeoutMs: 120_000, everyMs: 1_000 }).catch(() => undefined);
  }

  override async count(data: PeerData): Promise<number> {
    const { body } = await request(`${this.api}/internal/force_flush`);
    await body.dump();
    return super.count(data);
  }
}

function* bodies(data: PeerData): Generator<{ body: string; headers: Record<string, string> }> {
  for (const batch of data.batches(BATCH)) yield { body: data.lines(batch), headers: { 'content-type': 'text/plain' } };
}
