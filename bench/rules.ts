/** A hundred alert rules over the bench's series: thresholds of single series, of groups, and of percentiles. */

const VENUES = ['XNAS', 'XNYS', 'BATS', 'ARCX', 'IEXG'];
const STRATEGIES = ['market-making', 'momentum', 'pairs', 'arbitrage'];

/** A rule file in Prometheus's format. JSON is YAML. */
export function benchRules(): string {
  const single = Array.from({ length: 60 }, (_, i) => {
    const selector = `bench_gauge{instance="i${i % 30}",venue="${VENUES[i % 5]}",strategy="${STRATEGIES[i % 4]}"}`;
    return rule(`single${i}`, `${selector} > 1000`);
  });
  const grouped = VENUES.flatMap((venue) =>
    STRATEGIES.map((strategy) =>
      rule(
        `group_${venue}_${strategy}`,
        `max by (venue) (bench_gauge{venue="${venue}",strategy="${strategy}"}) > 1000`,
      ),
    ),
  );
  const percentiles = VENUES.flatMap((venue) =>
    STRATEGIES.map((strategy) => {
      const selector = `bench_latency_seconds{venue="${venue}",strategy="${strategy}",instance=~"i[0-4]"}`;
      return rule(
        `p99_${venue}_${strategy}`,
        `histogram_quantile(0.99, sum by (venue) (rate(${selector}[1m]))) > 1000`,
      );
    }),
  );
  return JSON.stringify({
    groups: [{ name: 'bench', interval: '5s', rules: [...single, ...grouped, ...percentiles] }],
  });
}

function rule(alert: string, expr: string): object {
  return { alert: alert.replaceAll('-', '_'), expr, for: '10s', labels: { severity: 'warning' } };
}
