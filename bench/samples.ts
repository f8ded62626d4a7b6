/**
 * Seeded samples for every competitor alike: `seriesCount` series (venue x strategy x instance of two metrics, one a
 * gauge, one an observation), values from a lognormal walk. Same seed, same samples.
 */
const VENUES = ['XNAS', 'XNYS', 'BATS', 'ARCX', 'IEXG'];
const STRATEGIES = ['market-making', 'momentum', 'pairs', 'arbitrage'];

export interface BenchSeries {
  readonly name: 'bench_gauge' | 'bench_latency_seconds';
  readonly type: 'gauge' | 'observation';
  readonly labels: Readonly<Record<string, string>>;
}

/** mulberry32: 32 bits of state, enough for load and the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function benchSeries(count: number): BenchSeries[] {
  return Array.from({ length: count }, (_, i) => {
    const isGauge = i % 2 === 0;
    const n = i >> 1;
    return {
      name: isGauge ? 'bench_gauge' : 'bench_latency_seconds',
      type: isGauge ? 'gauge' : 'observation',
      labels: {
        venue: VENUES[n % VENUES.length] as string,
        strategy: STRATEGIES[Math.floor(n / VENUES.length) % STRATEGIES.length] as string,
        instance: `i${Math.floor(n / (VENUES.length * STRATEGIES.length))}`,
      },
    };
  });
}

/** Milliseconds-scale latencies with a long tail, in seconds. */
export function latency(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(-6.5 + 0.8 * normal);
}
