/** Scrape files: Prometheus's own load unchanged, and what is wrong is told with key, line and remedy. */
import { formatProblem } from './yaml-document.ts';
import { parseScrapeFile, parseTargetFile } from './scrape.ts';

const compile = (pattern: string): unknown => new RegExp(pattern, 'u');
const read = (text: string) => parseScrapeFile(text, { file: 'scrape.yaml', compile });

function problems(text: string): string[] {
  const result = read(text);
  return result.ok ? [] : result.problems.map(formatProblem);
}

it('reads a configuration of Prometheus with every key that it knows', () => {
  const result = read(`
global:
  scrape_interval: 1m
  scrape_timeout: 10s
  evaluation_interval: 1m
  external_labels: { monitor: desk, shard: 1 }
  sample_limit: 1500
  body_size_limit: 15MB
scrape_configs:
  - job_name: prometheus
    honor_labels: true
    honor_timestamps: false
    track_timestamps_staleness: true
    scrape_interval: 50s
    scrape_timeout: 5s
    scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0, PrometheusText0.0.4]
    fallback_scrape_protocol: PrometheusText0.0.4
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    metrics_path: /custom/path
    scheme: https
    params: { module: [http_2xx, 7], debug: [true] }
    enable_compression: false
    follow_redirects: false
    basic_auth: { username: admin, password_file: pw }
    tls_config: { ca_file: ca, cert_file: c, key_file: k, server_name: n, insecure_skip_verify: true, min_version: TLS12 }
    body_size_limit: 10MiB
    sample_limit: 1000
    target_limit: 35
    label_limit: 35
    label_name_length_limit: 210
    label_value_length_limit: 210
    keep_dropped_targets: 10
    static_configs:
      - targets: ['localhost:9090', 'localhost:9191']
        labels: { my: label, port: 9090 }
    file_sd_configs:
      - files: ['foo/*.slow.json', 'single/file.yml']
        refresh_interval: 10m
      - files: ['bar/*.yaml']
    relabel_configs:
      - source_labels: [job, __meta_dns_name]
        regex: (.*)some-[regex]
        target_label: job
        replacement: foo-\${1}
        # action defaults to 'replace'
      - { source_labels: [abc], target_label: cde }
      - { regex: 1, target_label: x }
      - { source_labels: [__address__], modulus: 8, target_label: __tmp_hash, action: HashMod }
    metric_relabel_configs:
      - { regex: 'expensive_.*', action: labeldrop }
`);
  expect(result).toMatchObject({
    ok: true,
    value: {
      global: { scrape_interval: 60_000, body_size_limit: 15 * 2 ** 20 },
      scrape_configs: [
        {
          body_size_limit: 10 * 2 ** 20,
          params: { module: ['http_2xx', '7'], debug: ['true'] },
          static_configs: [{ labels: { my: 'label', port: '9090' } }],
          file_sd_configs: [{ refresh_interval: 600_000 }, { refresh_interval: 300_000 }],
          relabel_configs: [{}, { action: 'replace' }, { regex: '1' }, { action: 'hashmod' }],
        },
      ],
    },
  });
});

const job = (extra: string): string => `scrape_configs:\n  - job_name: desk\n${extra.replace(/^/gm, '    ')}\n`;

it.each<[string, string, string]>([
  [
    'an unknown key',
    job('scrape_intervall: 5s'),
    'scrape.yaml:3: scrape_configs[0].scrape_intervall: the key "scrape_intervall" is not known here',
  ],
  [
    'a key of another part',
    'rule_files: [x.yaml]\n',
    'scrape.yaml:1: rule_files: the key "rule_files" is not known here',
  ],
  [
    'discovery that is not there yet',
    job('consul_sd_configs: []'),
    'scrape.yaml:3: scrape_configs[0].consul_sd_configs',
  ],
  [
    'a duration',
    job('scrape_interval: 5 seconds'),
    'scrape.yaml:3: scrape_configs[0].scrape_interval: is not a duration',
  ],
  ['an interval of nothing', job('scrape_interval: 0s'), 'must be longer than 0s'],
  [
    'a timeout past its interval',
    job('scrape_interval: 5s\nscrape_timeout: 6s'),
    'scrape.yaml:4: scrape_configs[0].scrape_timeout: is longer than "scrape_interval"',
  ],
  ['a size', job('body_size_limit: big'), 'is not a size; write such as 10MB (seen: "big")'],
  ['a job twice', `${job('')}  - job_name: desk\n`, 'the job "desk" occurs twice in this file'],
  [
    'two kinds of credentials',
    job('bearer_token: a\nbasic_auth: { username: b }'),
    'a target has one kind of credentials',
  ],
  ['Basic as a type', job('authorization: { type: Basic, credentials: x }'), 'use "basic_auth" for Basic'],
  ['a secret twice', job('basic_auth: { password: a, password_file: b }'), 'is given both directly and as a file'],
  ['a certificate without key', job('tls_config: { cert_file: c }'), 'a client certificate needs its key'],
  ['an action', job('relabel_configs:\n  - { action: rename }'), 'is not an action; use one of replace, keep'],
  [
    'a replacement without target',
    job('relabel_configs:\n  - { source_labels: [a] }'),
    'the action replace needs "target_label"',
  ],
  ['hashmod without modulus', job('relabel_configs:\n  - { action: hashmod, target_label: a }'), 'needs "modulus"'],
  [
    'a key that has no effect',
    job('relabel_configs:\n  - { action: labeldrop, regex: a, target_label: b }'),
    'the action labeldrop has no "target_label"',
  ],
  [
    'an expression',
    job('relabel_configs:\n  - { regex: "(", target_label: a }'),
    'scrape.yaml:4: scrape_configs[0].relabel_configs[0].regex: Invalid regular expression',
  ],
  ['a target file’s name', job('file_sd_configs: [{ files: [targets.txt] }]'), 'must end in .json, .yml or .yaml'],
])('refuses %s, with its line', (_name, text, message) => {
  expect(problems(text).join('\n')).toContain(message);
});

it('tells every problem at once, and no secret', () => {
  const text = job('bearer_token: 12345678\nscrape_interval: x\nmetrics_path: y\ntls_config: { key: 4711 }');
  const told = problems(text);
  expect(told.length).toBeGreaterThanOrEqual(4);
  expect(told.join('\n')).not.toMatch(/12345678|4711/);
});

it('reads target files in YAML and JSON', () => {
  expect(parseTargetFile('[{"targets": ["a:1"], "labels": {"port": 1}}]', 't.json')).toMatchObject({
    ok: true,
    value: [{ targets: ['a:1'], labels: { port: '1' } }],
  });
  expect(parseTargetFile('- target: [a]\n', 't.yaml')).toMatchObject({ ok: false, problems: [{ line: 1 }] });
});
