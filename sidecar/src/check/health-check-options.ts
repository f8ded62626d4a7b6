/**
 * Which health checks run, and how often. Names and periods are those of REQUIREMENTS.md 8 (HLT-01 to 08) and 15
 * (CFG-32); the checks of the sidecar's own parts follow the health loop.
 */
import { z } from 'zod';

const common = (intervalSeconds: number) => ({
  enabled: z.boolean().default(true),
  interval_seconds: z.number().min(1).max(86_400).default(intervalSeconds),
});
const check = (intervalSeconds: number, what: string) =>
  z.strictObject(common(intervalSeconds)).prefault({}).describe(what);
const percent = (preset: number) => z.number().min(0).max(100).default(preset);

export const healthCheckOptions = z
  .strictObject({
    exchange_connectivity: z
      .strictObject({
        ...common(30),
        silent_seconds: z
          .number()
          .int()
          .min(1)
          .max(300)
          .default(30)
          .describe('silence after which an exchange is away'),
      })
      .prefault({})
      .describe('venues that have spoken are still heard'),
    neo4j_connectivity: check(60, 'a graph database answers'),
    api_rate_limit: check(10, 'requests that an API still allows'),
    system_resources: z
      .strictObject({ ...common(60), degraded_percent: percent(90).describe('use of processor, memory or disk') })
      .prefault({})
      .describe('processor, memory and disk of this machine'),
    disk_space: z
      .strictObject({ ...common(300), degraded_percent: percent(90), critical_percent: percent(98) })
      .prefault({})
      .describe('room for the store'),
    agent_health: check(60, 'agents send heartbeats'),
    portfolio_health: check(30, 'drawdown, leverage and number of positions'),
    database_locks: check(60, 'transactions of a graph database that hang'),
  })
  .prefault({});

export type HealthCheckOptions = z.output<typeof healthCheckOptions>;
export type HealthCheckName = keyof HealthCheckOptions;
