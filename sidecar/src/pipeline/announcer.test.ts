import { Announcer } from './announcer.ts';

const NOW = 1_700_000_000_000;

function listening(): { announcer: Announcer; told: string[]; commitAt: (nowMs: number) => string[] } {
  const announcer = new Announcer();
  const told: string[] = [];
  announcer.announceTo({
    changed: (name, oldestMs) => void told.push(`${name} from ${oldestMs - NOW}`),
    stored: (name, oldestMs) => void told.push(`${name} stored from ${oldestMs - NOW}`),
  });
  const commitAt = (nowMs: number): string[] => {
    const tellStored = announcer.takeUncommitted(nowMs);
    told.length = 0;
    tellStored();
    return [...told];
  };
  return { announcer, told, commitAt };
}

describe('Announcer', () => {
  it('tells of a closed window again with each commit until the ladder of the store has surely closed it too', () => {
    const { announcer, told, commitAt } = listening();
    announcer.sealed([{ name: 'latency', oldestMs: NOW - 2_000 }], NOW);
    expect(told).toEqual(['latency from -2000']);
    for (const ms of [250, 2_000, 4_900]) expect(commitAt(NOW + ms)).toEqual(['latency stored from -2000']);
    expect(commitAt(NOW + 20_000)).toEqual(['latency stored from -2000']);
    expect(commitAt(NOW + 40_000)).toEqual([]);
  });

  it('tells of late windows, which the store closes with their rows, with one commit only', () => {
    const { announcer, commitAt } = listening();
    announcer.sealed([{ name: 'latency', oldestMs: NOW - 600_000 }], NOW);
    expect(commitAt(NOW + 250)).toEqual(['latency stored from -600000']);
    expect(commitAt(NOW + 500)).toEqual(['latency stored from -5000']);
  });
});
