/** The files of reports: one for each bench, in the folder where the tests leave theirs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergedReport, parseBenchReport, type BenchReport } from './report.ts';

const FOLDER = 'test-results';

/** Merged with what is there; returns its path. */
export function writeReport(report: BenchReport, folder = FOLDER): string {
  const path = join(folder, `bench-${report.bench}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(mergedReport(earlier(path), report), null, 2)}\n`);
  return path;
}

/** Of another version of this program, or cut off: then it tells nothing. */
function earlier(path: string): BenchReport | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return parseBenchReport(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`${path} is replaced, because it cannot be read: ${String(error)}`);
    return undefined;
  }
}

/** All that a folder holds; none where it does not exist. */
export function reportPaths(folder = FOLDER): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^bench-.+\.json$/.test(name));
  return names.sort().map((name) => join(folder, name));
}
