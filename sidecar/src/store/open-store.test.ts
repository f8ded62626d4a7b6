import { MemoryStore } from './memory/memory-store.ts';
import { openStore, storeOptions } from './open-store.ts';
import { WorkerStore } from './duckdb/worker-store.ts';

describe('openStore', () => {
  it('fills in every default', () => {
    expect(storeOptions.parse({ kind: 'duckdb' })).toEqual({
      kind: 'duckdb',
      path: 'tapewatch.duckdb',
      memoryLimitMb: 256,
      compression: true,
      threads: 2,
      maxDiskMb: 0,
      onCorruption: 'quarantine',
      retention: {
        samplesHours: 24,
        secondWindowsHours: 168,
        tenSecondWindowsHours: 8_760,
        minuteWindowsHours: 26_280,
        hourWindowsHours: 26_280,
        ordersHours: 8_760,
        fillsHours: 8_760,
        quotesHours: 8_760,
        marketTradesHours: 8_760,
        bookLevelsHours: 8_760,
        positionsHours: 8_760,
        signalsHours: 8_760,
        cashFlowsHours: 8_760,
        fxRatesHours: 8_760,
        exchangeStatusHours: 8_760,
        spansHours: 8_760,
        healthResultsHours: 8_760,
        eventsHours: 8_760,
        deadLettersHours: 8_760,
        transitionsHours: 8_760,
      },
    });
  });

  it.each([
    { kind: 'duckdb', memoryLimitMb: 1 },
    { kind: 'duckdb', threads: 1.5 },
    { kind: 'duckdb', path: '' },
    { kind: 'memory', path: 'x' },
    { kind: 'memory', retention: { samplesHours: -1 } },
    { kind: 'sqlite' },
  ])('refuses %j', (options) => {
    expect(storeOptions.safeParse(options).success).toBe(false);
  });

  it('chooses by kind', () => {
    const ignore = (): void => undefined;
    expect(openStore(storeOptions.parse({ kind: 'memory' }), ignore)).toBeInstanceOf(MemoryStore);
    expect(openStore(storeOptions.parse({ kind: 'duckdb' }), ignore)).toBeInstanceOf(WorkerStore);
  });
});
