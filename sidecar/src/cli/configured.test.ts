import { configSchema } from '../config.ts';
import { configuredParts } from './configured.ts';

const linesOf = (config: object): string[] =>
  configuredParts(configSchema.parse(config)).map(({ name, detail }) => `${name}: ${detail}`);

it('names what is configured and not delivered by this version', () => {
  expect(linesOf({})).toEqual([
    'channels: none beside the receivers of the Alertmanager file',
    'health checks: exchange_connectivity, system_resources, disk_space run',
    'health checks: configured, not yet delivered by this version: neo4j_connectivity, api_rate_limit, agent_health, portfolio_health, database_locks',
    'exposition: 127.0.0.1:8000',
    'live updates: 127.0.0.1:8765',
  ]);
  const off = { enabled: false };
  const health_checks = {
    neo4j_connectivity: off,
    api_rate_limit: off,
    agent_health: off,
    portfolio_health: off,
    database_locks: off,
  };
  expect(linesOf({ health_checks }).join('\n')).not.toContain('not yet delivered');
});

it('names the channels, or that nothing is sent', () => {
  const slack = { webhook_url: 'https://hooks.slack.com/services/x' };
  const email = { smtp_server: 'mail.example', from: 'a@x.example', to: ['b@x.example'] };
  expect(linesOf({ notifications: { slack, email } })[0]).toBe('channels: slack, email');
  expect(linesOf({ notifications: { slack, enabled: false } })[0]).toMatch(/^channels: switched off/);
  expect(linesOf({ monitoring: { prometheus_port: 0 } })).toContain('exposition: off');
});
