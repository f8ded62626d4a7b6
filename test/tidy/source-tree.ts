/** The source files of the repository and what they import, for the architecture test. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');
const SOURCE_ROOTS = ['packages', 'sidecar/src', 'plugins', 'dashboards/src', 'test', 'bench', 'tools'];
const SKIPPED = new Set(['node_modules', 'dist', '.config', 'coverage', 'target']);

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly isTest: boolean;
  /** Specifiers that remain after types are erased. */
  readonly valueImports: readonly string[];
  /** All specifiers, types included. */
  readonly imports: readonly string[];
}

export function sourceFiles(): SourceFile[] {
  return SOURCE_ROOTS.map((root) => join(ROOT, root))
    .filter(existsSync)
    .flatMap(walk)
    .map(read);
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (SKIPPED.has(name)) return [];
    if (statSync(path).isDirectory()) return walk(path);
    return /\.tsx?$/.test(name) && !name.endsWith('.d.ts') ? [path] : [];
  });
}

function read(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  const name = relative(ROOT, path);
  const statements = [...text.matchAll(/^\s*(import|export)\b(\s+type\b)?([^;'"]*?)from\s+['"]([^'"]+)['"]/gm)];
  const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => match[1] as string);
  const isValue = (match: RegExpMatchArray): boolean => match[2] === undefined && !onlyTypes(match[3] ?? '');
  return {
    path: name,
    text,
    lines: text.split('\n').length - 1,
    isTest: /\.(test|prop\.test|laws|contract|spec)\.tsx?$/.test(name) || /(^|\/)(test|testing)\//.test(name),
    valueImports: [...statements.filter(isValue).map((match) => match[4] as string), ...dynamic],
    imports: [...statements.map((match) => match[4] as string), ...dynamic],
  };
}

/** `{ type A, type B }` imports nothing at run time. */
function onlyTypes(clause: string): boolean {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(clause)?.[1];
  if (inner === undefined) return false;
  return inner.split(',').every((part) => part.trim() === '' || part.trim().startsWith('type '));
}

/** The repository file that a specifier means, or undefined for a package. */
export function resolveImport(from: SourceFile, specifier: string): string | undefined {
  const workspace = /^@tapewatch\/(core|contract|panel-kit)$/.exec(specifier)?.[1];
  if (workspace !== undefined) return `packages/${workspace}/src/index.ts`;
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(from.path), specifier));
}
