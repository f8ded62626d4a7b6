/** Where a run is made: the commit of the work tree, the machine, the time. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { Origin } from './report.ts';

export function machineText(): string {
  return `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

export function originOf(command: string): Origin {
  return { at: new Date().toISOString(), commit: commitText(), machine: machineText(), command };
}

/** As reports have it; empty without git. */
export function headCommit(): string {
  return git('rev-parse', '--short=12', 'HEAD');
}

/** Of a build that was named nobody knows the commit here. */
function commitText(): string {
  const head = headCommit();
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  const named = process.env['TAPEWATCH_SIDECAR'] !== undefined;
  return head !== '' && (changed || named) ? `${head}+` : head;
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // An exported tree has no history: the report says so with an empty commit.
    return '';
  }
}
