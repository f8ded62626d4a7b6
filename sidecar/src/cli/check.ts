/** `tapewatch check`: reads configuration, rules and routes and reports every problem, without starting anything. */
import type { Command } from 'commander';
import { loadAlertmanager } from '../alerting/alertmanager-file.ts';
import { loadRuleFiles } from '../alerting/rule-file.ts';
import { loadConfig, type Config } from '../config.ts';
import { TapewatchError } from '../errors.ts';
import { compileRegex } from '../regex.ts';
import { loadScrapeFiles } from '../scrape/scrape-file.ts';
import { configuredParts } from './configured.ts';

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('check the configuration, rule files and routes')
    .option('-c, --config <file>', 'configuration file (YAML); default: TAPEWATCH_CONFIG')
    .action(async ({ config }: { config?: string }) => {
      const problems = await check(config);
      for (const problem of problems) console.error(problem);
      if (problems.length > 0) process.exitCode = 2;
    });
}

/** Prints what is good; yields what is not. */
async function check(file: string | undefined): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async <T>(
    name: string,
    read: () => T | Promise<T>,
    told: (value: T) => string,
  ): Promise<T | undefined> => {
    try {
      const value = await read();
      console.log(`${name}: ${told(value)}`);
      return value;
    } catch (error) {
      if (!(error instanceof TapewatchError)) throw error;
      problems.push(`${name}: ${error.message}`);
      return undefined;
    }
  };
  const config = await attempt(
    'configuration',
    () => loadConfig({ file, environment: process.env }),
    (read: Config) => `good, ${read.streams.length} streams`,
  );
  if (config === undefined) return problems;
  for (const { name, detail } of configuredParts(config)) console.log(`${name}: ${detail}`);
  const { ruleFiles, evaluationIntervalMs, alertmanagerFile } = config.alerting;
  await attempt(
    'rules',
    () => loadRuleFiles(ruleFiles, evaluationIntervalMs),
    (groups) => `good, ${groups.length} groups, ${groups.reduce((sum, { rules }) => sum + rules.length, 0)} rules`,
  );
  await attempt(
    'routes',
    () => loadAlertmanager(alertmanagerFile, compileRegex),
    ({ receivers }) => `good, ${receivers.length} receivers`,
  );
  await attempt(
    'scraping',
    () => loadScrapeFiles(config.scrape.files, config.scrape),
    (jobs) => `good, ${jobs.length} jobs`,
  );
  return problems;
}
