/** Scrape files from disk: the shipped example, defaults and limits, paths, and every problem at once. */
import path from 'node:path';
import { loadScrapeFiles } from './scrape-file.ts';
import { scrapeOptions } from './scrape-options.ts';
import { Folder, jobsOf } from './testing/scrape-world.ts';

const folder = new Folder();
afterAll(() => folder.remove());
const defaults = scrapeOptions.parse(undefined);

it('the shipped example loads', async () => {
  const example = path.resolve(__dirname, '../../../provisioning/tapewatch/scrape/*.yaml');
  const jobs = await loadScrapeFiles([example], defaults);
  expect(jobs.map(({ name, intervalMs, timeoutMs }) => [name, intervalMs, timeoutMs])).toEqual([
    ['services', 15_000, 10_000],
    ['node', 15_000, 10_000],
    ['files', 15_000, 10_000],
  ]);
});

it('the job wins over the file, the file over the settings; limits can only be lowered', async () => {
  const jobs = await jobsOf(
    folder,
    `
global: { scrape_interval: 30s, scrape_timeout: 20s, sample_limit: 10, label_limit: 7 }
scrape_configs:
  - { job_name: plain }
  - { job_name: own, scrape_interval: 5s, sample_limit: 5, body_size_limit: 1TB }
  - { job_name: native, scrape_native_histograms: true, label_limit: 0 }`,
    { sampleLimit: 8, bodyLimitBytes: 4_096 },
  );
  expect(jobs).toMatchObject([
    { intervalMs: 30_000, timeoutMs: 20_000, limits: { samples: 8, labels: 7, bodyBytes: 4_096 } },
    { intervalMs: 5_000, timeoutMs: 5_000, limits: { samples: 5, bodyBytes: 4_096 } },
    { protocols: expect.arrayContaining(['PrometheusProto']) as string[], limits: { labels: Infinity } },
  ]);
  expect(jobs[0]?.protocols).not.toContain('PrometheusProto');
});

it('paths start at the file’s folder', async () => {
  const [job] = await jobsOf(
    folder,
    'scrape_configs: [{ job_name: a, bearer_token_file: t, tls_config: { ca_file: ca.pem }, file_sd_configs: [{ files: [sub/*.json] }] }]',
  );
  expect(job?.client).toMatchObject({
    bearer_token_file: path.join(folder.path, 't'),
    tls_config: { ca_file: path.join(folder.path, 'ca.pem') },
  });
  expect(job?.fileDiscoveries).toMatchObject([{ files: [path.join(folder.path, 'sub/*.json')] }]);
});

it('tells the problems of all files at once', async () => {
  const [one, two] = [
    folder.write('one.yaml', 'scrape_configs:\n  - { job_name: a }\n  - { job_name: b, x: 1 }\n'),
    folder.write('two.yaml', 'scrape_configs:\n  - { job_name: c, scrape_timeout: 16s }\n'),
  ];
  const patterns = [one, two, path.join(folder.path, 'three.yaml'), path.join(folder.path, 'none*.yaml')];
  await expect(loadScrapeFiles(patterns, defaults)).rejects.toMatchObject({
    code: 'config.invalid',
    details: {
      problems: [
        expect.stringContaining('none*.yaml: no file matches'),
        expect.stringContaining(`${one}:3: scrape_configs[1].x: the key "x" is not known here`),
        expect.stringMatching(/three\.yaml: cannot be read \(.*ENOENT/),
        expect.stringContaining('job "c": scrape_timeout is longer than the interval of 15000 ms'),
      ] as string[],
    },
  });
});

it('a job of the same name in two files is refused', async () => {
  const files = ['x.yaml', 'y.yaml'].map((name) => folder.write(name, 'scrape_configs: [{ job_name: same }]'));
  await expect(loadScrapeFiles(files, defaults)).rejects.toThrow('the job "same" is also in');
});
