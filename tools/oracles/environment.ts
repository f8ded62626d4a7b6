/**
 * A Python environment for the oracles, made anew under the system's folder for temporary files and removed afterwards:
 * the pinned libraries of requirements.txt and nothing else. Says what is missing when it cannot be made.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** pip builds nothing here, but it downloads about 250 MB. */
const INSTALL_TIMEOUT_MS = 15 * 60_000;
export const PART_TIMEOUT_MS = 10 * 60_000;
/** Of a program's complaint, what is shown. */
const COMPLAINT_CHARACTERS = 2_000;

export class OracleUnavailable extends Error {}

export interface PythonEnvironment {
  readonly folder: string;
  readonly python: string;
  readonly remove: () => void;
}

export async function makeEnvironment(requirements: string): Promise<PythonEnvironment> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-oracles-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const python = join(folder, 'venv', 'bin', 'python');
  try {
    await run('python3', ['-m', 'venv', join(folder, 'venv')], INSTALL_TIMEOUT_MS);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await run(python, pip, INSTALL_TIMEOUT_MS);
  } catch (error) {
    remove();
    const reason = error instanceof Error ? error.message : String(error);
    throw new OracleUnavailable(
      `the reference libraries cannot be installed; needed are python3 (3.11 or later) with venv and pip, and a package index that pip reaches (or --python with an interpreter that has ${requirements}):\n${reason}`,
    );
  }
  return { folder, python, remove };
}

/** Standard output; rejects with the end of standard error when the program fails, is missing or takes too long. */
export function run(program: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let [out, complaint] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS)));
    child.on('error', (cause) => reject(new Error(`${program} cannot be started: ${cause.message}`, { cause })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${code ?? signal}:\n${complaint}`));
    });
  });
}
