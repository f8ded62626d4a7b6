/** docker-compose.yml and the Kubernetes example, as far as they can be checked without an engine: form and references. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { environmentLeaves } from '../../sidecar/src/config.ts';
import { composeFile, type ComposeService } from './compose-schema.ts';

const ROOT = join(__dirname, '..', '..');
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const compose = composeFile.parse(parse(text('docker-compose.yml'), { merge: true }));
const services = Object.entries(compose.services);

const SETTINGS = new Set(environmentLeaves().flatMap(({ variable }) => [variable, `${variable}_FILE`]));
/** What provisioning/grafana and the locator read from Grafana's own environment. */
const PROVISIONING_VARIABLES = new Set([
  'TAPEWATCH_SOCKET',
  ...['datasources/tapewatch.yaml', 'dashboards/tapewatch.yaml', 'alerting/contact-points.yaml']
    .flatMap((file) => [...text(`provisioning/grafana/${file}`).matchAll(/\$\{(\w+)\}/g)])
    .map((found) => found[1] as string),
]);

interface Mount {
  readonly source: string;
  readonly target: string;
}

const mountsOf = ({ volumes = [] }: ComposeService): Mount[] =>
  volumes.map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return { source, target };
  });

describe('docker-compose.yml', () => {
  it('names volumes and services that exist, and no others', () => {
    const used = services.flatMap(([, service]) => mountsOf(service).map(({ source }) => source));
    const named = [...new Set(used.filter((source) => !source.startsWith('.')))];
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const source of used.filter((path) => path.startsWith('.'))) expect(existsSync(join(ROOT, source))).toBe(true);
    for (const [, { depends_on }] of services) {
      for (const name of Object.keys(depends_on ?? {})) expect(Object.keys(compose.services)).toContain(name);
    }
  });

  it('waits for health only where there is a health check', () => {
    const image = text('Dockerfile');
    for (const [, { depends_on }] of services) {
      for (const [name, { condition }] of Object.entries(depends_on ?? {})) {
        if (condition !== 'service_healthy') continue;
        const target = compose.services[name] as ComposeService;
        const inherits = target.build !== undefined && target.healthcheck === undefined && /^HEALTHCHECK /m.test(image);
        expect(inherits || (target.healthcheck !== undefined && !('disable' in target.healthcheck))).toBe(true);
      }
    }
  });

  it('sets only variables that somebody reads', () => {
    for (const [name, { environment }] of services) {
      const ours = Object.keys(environment ?? {}).filter((variable) => variable.startsWith('TAPEWATCH_'));
      const known = name === 'grafana' ? PROVISIONING_VARIABLES : SETTINGS;
      expect(ours.filter((variable) => !known.has(variable))).toEqual([]);
    }
  });

  it('gives Grafana every variable that its provisioning needs', () => {
    const given = Object.keys(compose.services['grafana']?.environment ?? {});
    const optional = new Set(['TAPEWATCH_SOCKET']);
    expect([...PROVISIONING_VARIABLES].filter((name) => !given.includes(name) && !optional.has(name))).toEqual([]);
  });

  it('shows Grafana the folders that its settings name', () => {
    const grafana = compose.services['grafana'] as ComposeService;
    const targets = mountsOf(grafana).map(({ target }) => target);
    const environment = grafana.environment ?? {};
    for (const variable of ['GF_PATHS_PROVISIONING', 'GF_PATHS_PLUGINS'])
      expect(targets).toContain(environment[variable]);
    const boards = join(environment['GF_PATHS_PROVISIONING'] ?? '', '..', '..', 'dashboards', 'json');
    expect(targets).toContain(boards);
    expect(environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(join(boards, 'trading-operations.json'));
  });

  it('lets Grafana load exactly the plugins that are built', () => {
    const allowed = compose.services['grafana']?.environment?.['GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS']?.split(',');
    const ids = ['plugins/datasource/src/plugin.json', 'plugins/panels/percentile/src/plugin.json'].map(
      (file) => (JSON.parse(text(file)) as { id: string }).id,
    );
    expect(allowed?.sort()).toEqual(ids.sort());
  });

  it('runs nothing but the preparing step as root', () => {
    const image = /^USER (\S+)$/m.exec(text('Dockerfile'))?.[1];
    expect(image).toBe('10001:0');
    const asRoot = services.filter(([, { user }]) => user?.startsWith('0')).map(([name]) => name);
    expect(asRoot).toEqual(['prepare']);
  });
});

describe('deploy/kubernetes/tapewatch.yaml', () => {
  interface Container {
    readonly name: string;
    readonly env?: readonly { name: string }[];
    readonly volumeMounts: readonly { name: string }[];
  }
  interface Pod {
    readonly containers: readonly Container[];
    readonly initContainers: readonly Container[];
    readonly volumes: readonly { name: string }[];
  }
  const [set] = parseAllDocuments(text('deploy/kubernetes/tapewatch.yaml'), { merge: true });
  const { spec } = set?.toJS() as {
    spec: { template: { spec: Pod }; volumeClaimTemplates: { metadata: { name: string } }[] };
  };
  const pod = spec.template.spec;

  it('mounts volumes that exist, and uses each', () => {
    const claims = spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
    const mounted = [...pod.containers, ...pod.initContainers].flatMap(({ volumeMounts }) => volumeMounts);
    const names = [...new Set(mounted.map(({ name }) => name))];
    expect(names.sort()).toEqual([...pod.volumes.map(({ name }) => name), ...claims].sort());
  });

  it('sets only variables that somebody reads', () => {
    for (const { name, env = [] } of pod.containers) {
      const known = name === 'grafana' ? PROVISIONING_VARIABLES : SETTINGS;
      const ours = env.map((variable) => variable.name).filter((variable) => variable.startsWith('TAPEWATCH_'));
      expect(ours.filter((variable) => !known.has(variable))).toEqual([]);
    }
  });
});
