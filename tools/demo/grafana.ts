/**
 * Finds a Grafana on this machine and starts it with everything provisioned: the built plugins, data source, dashboards
 * and alert rule. Nothing in it has to be clicked; it listens on loopback and lets everyone in as viewer.
 */
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { DemoFolder } from './folder.ts';
import type { Ports } from './options.ts';
import type { ProcessSpec } from './process.ts';

export interface GrafanaInstallation {
  readonly binary: string;
  /** Where its `public` and `conf` are. */
  readonly home: string;
}

/** `GRAFANA_HOME`, else the binary on PATH with the home of its package or archive. */
export function findGrafana(env: NodeJS.ProcessEnv = process.env): GrafanaInstallation | undefined {
  const folders = env['GRAFANA_HOME'] === undefined ? [] : [join(env['GRAFANA_HOME'], 'bin'), env['GRAFANA_HOME']];
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, ...path]) {
    for (const name of ['grafana', 'grafana-server']) {
      const binary = join(folder, name);
      if (!existsSync(binary)) continue;
      const homes = [env['GRAFANA_HOME'] ?? '', dirname(folder), '/usr/share/grafana'];
      const home = homes.find((candidate) => candidate !== '' && existsSync(join(candidate, 'public')));
      if (home !== undefined) return { binary, home };
    }
  }
  return undefined;
}

const PLUGINS = 'tapewatch-trading-datasource,tapewatch-percentile-panel';

export interface GrafanaPlan {
  readonly root: string;
  readonly folder: DemoFolder;
  readonly ports: Ports;
}

export function grafanaProcess(
  { binary, home }: GrafanaInstallation,
  { root, folder, ports }: GrafanaPlan,
): ProcessSpec {
  const server = binary.endsWith('grafana-server') ? [] : ['server'];
  return {
    name: 'grafana',
    command: binary,
    args: [...server, '--homepath', home],
    cwd: home,
    logFile: folder.log('grafana'),
    restart: true,
    env: {
      GF_PATHS_DATA: join(folder.path, 'grafana'),
      GF_PATHS_LOGS: join(folder.path, 'log'),
      GF_PATHS_PLUGINS: join(root, 'dist/plugins'),
      GF_PATHS_PROVISIONING: join(root, 'provisioning/grafana'),
      GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS: PLUGINS,
      GF_SERVER_HTTP_ADDR: '127.0.0.1',
      GF_SERVER_HTTP_PORT: String(ports.grafana),
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
      GF_PLUGINS_FORWARD_HOST_ENV_VARS: 'tapewatch-trading-datasource',
      GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: join(root, 'dashboards/json/trading-operations.json'),
      // Each open tab is a connection of Grafana Live.
      GF_LIVE_MAX_CONNECTIONS: '1000',
      TAPEWATCH_SOCKET: folder.socket,
      // provisioning/grafana reads these.
      TAPEWATCH_HTTP_URL: `http://127.0.0.1:${ports.http}`,
      TAPEWATCH_WEBHOOK_URL: `http://127.0.0.1:${ports.webhook}`,
    },
  };
}
