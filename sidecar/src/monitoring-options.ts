/**
 * Settings of the sidecar's own loops and of the two ports beside the API: the Prometheus exposition and live updates
 * over WebSocket. The keys are those of the system that this one replaces (REQUIREMENTS.md 15), so that its
 * configuration file keeps its meaning; intervals are in seconds, as their names say.
 */
import { z } from 'zod';

const seconds = z.number().min(1).max(86_400);
const port = z.number().int().min(0).max(65_535);

export const monitoringOptions = z
  .strictObject({
    listen_address: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('of both ports below; an address other than loopback needs at least one token of http.tokens'),
    prometheus_port: port.default(8000).describe('Prometheus text and OpenMetrics; 0: off'),
    websocket_port: port.default(8765).describe('live updates; 0: off'),
    metrics_interval_seconds: seconds.default(15).describe('collection of system, trading, exchange and agent figures'),
    health_check_interval_seconds: seconds.default(30).describe('of checks that have no interval of their own'),
    alert_check_interval_seconds: seconds
      .default(10)
      .describe('alert rules are evaluated at least this often, news or not'),
    broadcast_interval_seconds: seconds.default(30).describe('heartbeat and status to live clients'),
    heap_degraded_percent: z
      .number()
      .min(1)
      .max(100)
      .default(85)
      .describe('use of the heap’s limit from which the check of memory is degraded'),
    health_history_size: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(1_000)
      .describe('results of health checks that are kept in memory, of all checks together'),
    clock_jump_seconds: z
      .number()
      .min(0.01)
      .max(86_400)
      .default(1)
      .describe('jump of the wall clock from which the check of the clock is degraded'),
    exposition_max_series: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(10_000)
      .describe('collected series shown on the exposition port; what is past it is counted'),
    websocket_max_clients: z.number().int().min(1).max(10_000).default(200),
    websocket_buffer_bytes: z
      .number()
      .int()
      .min(1_024)
      .max(1_073_741_824)
      .default(1_048_576)
      .describe('unsent bytes a client may have; updates past it are dropped for this client and counted'),
    websocket_origins: z
      .array(z.string().min(1))
      .default([])
      .describe('origins of web pages that may connect, besides those on loopback; * for any'),
  })
  .prefault({});

export const initialEquity = z
  .number()
  .min(0)
  .max(1e15)
  .default(10_000)
  .describe('equity before the first fill, in the currency of the desk');

export const rollingWindow = z
  .number()
  .int()
  .min(1)
  .max(100_000)
  .default(100)
  .describe('closed trades that rolling figures look at');
