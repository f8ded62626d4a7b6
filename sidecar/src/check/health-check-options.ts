/**
 * Which health checks run, and how often. Names and periods are those of REQUIREMENTS.md 8 (HLT-01 to 08) and 15
 * (CFG-32); the checks of the sidecar's own parts follow the health loop.
 */
import { z } from 'zod';

const check = (intervalSeconds: number, what: string) =>
  z
    .strictObject({
      enabled: z.boolean().default(true),
      interval_seconds: z.number().min(1).max(86_400).default(intervalSeconds),
    })
    .prefault({})
    .describe(what);

export const healthCheckOptions = z
  .strictObject({
    exchange_connectivity: check(30, 'venues that have spoken are still heard'),
    neo4j_connectivity: check(60, 'a graph database answers'),
    api_rate_limit: check(10, 'requests that an API still allows'),
    system_resources: check(60, 'processor, memory and disk of this machine'),
    disk_space: check(300, 'room for the store'),
    agent_health: check(60, 'agents send heartbeats'),
    portfolio_health: check(30, 'drawdown, leverage and number of positions'),
    database_locks: check(60, 'transactions of a graph database that hang'),
  })
  .prefault({});

export type HealthCheckOptions = z.output<typeof healthCheckOptions>;
export type HealthCheckName = keyof HealthCheckOptions;
