/** A program of the repository in a process of its own: what it publishes must not slow down what it is measured with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a TypeScript program with a plan as its one argument; resolves with the JSON of its last line. Rejects when it fails. */
export async function reportOf<Report>(program: string, plan: object): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, ['tools/run.mjs', program, JSON.stringify(plan)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
}
