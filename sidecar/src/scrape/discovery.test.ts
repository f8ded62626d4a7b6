/** Both sources of targets against the one suite, and what only files have. */
import { rmSync } from 'node:fs';
import { discoveryContract } from './discovery.contract.ts';
import type { TargetGroup } from './discovery.ts';
import { FileDiscovery } from './file-discovery.ts';
import { StaticDiscovery } from './static-discovery.ts';
import { Folder, ManualClock, MemoryLog, until } from './testing/scrape-world.ts';

const REFRESH_MS = 60_000;

discoveryContract('a static list', (addresses) => ({
  discovery: new StaticDiscovery([{ targets: [...addresses], labels: {} }]),
  pass: () => undefined,
  remove: () => undefined,
}));

for (const kind of ['yaml', 'json'] as const) {
  discoveryContract(`files (${kind})`, (addresses) => {
    const folder = new Folder();
    const [clock, log] = [new ManualClock(), new MemoryLog()];
    const write = (list: readonly string[]): void => {
      const groups = [{ targets: list }];
      folder.write(`t.${kind}`, kind === 'json' ? JSON.stringify(groups) : `- targets: [${list.join(', ')}]\n`);
    };
    write(addresses);
    const pass = (): void => clock.advance(REFRESH_MS);
    return {
      discovery: new FileDiscovery({ files: [`${folder.path}/*.${kind}`], refreshMs: REFRESH_MS, clock, log }),
      change: write,
      breakSource: async () => {
        folder.write(`t.${kind}`, '- targets: [a:1\n  labels');
        await until(() => {
          pass();
          return log.lines.some((line) => line.includes('its last targets stay'));
        });
      },
      pass,
      remove: () => folder.remove(),
    };
  });
}

describe('files', () => {
  it('a change is seen by the folder’s notice, long before the refresh; a file that is gone takes its targets', async () => {
    const folder = new Folder();
    const [clock, log] = [new ManualClock(), new MemoryLog()];
    const file = folder.write('one.yaml', '- { targets: ["a:1"], labels: { desk: rates } }');
    folder.write('two.yaml', '- targets: ["b:2"]');
    const calls: (readonly TargetGroup[])[] = [];
    const discovery = new FileDiscovery({ files: [`${folder.path}/*.yaml`], refreshMs: 3_600_000, clock, log });
    await discovery.start((groups) => calls.push(groups));
    expect(calls[0]).toMatchObject([
      { labels: { desk: 'rates', __meta_filepath: file }, targets: [{ __address__: 'a:1' }] },
      { targets: [{ __address__: 'b:2' }] },
    ]);
    rmSync(file);
    await until(() => {
      clock.advance(10);
      return calls.length > 1;
    });
    expect(calls.at(-1)?.flatMap(({ targets }) => targets)).toEqual([{ __address__: 'b:2' }]);
    discovery.close();
    folder.remove();
  });
});
