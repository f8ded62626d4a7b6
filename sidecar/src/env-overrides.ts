/**
 * Environment variables over a configuration document: every leaf of the schema has a name, `TAPEWATCH_` and its path in
 * capitals (`store.memoryLimitMb` -> `TAPEWATCH_STORE_MEMORY_LIMIT_MB`). With `_FILE` appended the value is read from
 * that file, so that secrets stay out of the environment. Lists of text are written with commas, anything else as JSON.
 */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { EnvName } from './env-names.ts';

type JsonSchema = z.core.JSONSchema._JSONSchema;

export interface Leaf {
  readonly variable: string;
  readonly path: readonly string[];
  readonly type: 'text' | 'number' | 'boolean' | 'texts' | 'json';
}

export interface EnvProblem {
  readonly path: string;
  readonly message: string;
}

/** Every path that can be set by the environment. */
export function leavesOf(schema: JsonSchema, path: readonly string[] = []): Leaf[] {
  // `true` and `false` are schemas too, but name nothing.
  if (typeof schema === 'boolean') return [];
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => leavesOf(child, [...path, key]));
  const inner = branches.flatMap((branch) => leavesOf(branch, path));
  const leaves = [...own, ...inner.filter((leaf) => leaf.path.length > path.length || own.length === 0)];
  if (leaves.length > 0) return uniqueByVariable(leaves);
  return path.length === 0 ? [] : [{ variable: variableName(path), path, type: leafType(schema) }];
}

/** A copy of `document` with the variables applied. Problems name the variable. */
export function applyEnvironment(
  document: Record<string, unknown>,
  leaves: readonly Leaf[],
  environment: Environment,
): { document: Record<string, unknown>; problems: EnvProblem[] } {
  const copy = structuredClone(document);
  const problems: EnvProblem[] = [];
  for (const leaf of leaves) {
    try {
      const text = valueOf(leaf, environment);
      if (text !== undefined) set(copy, leaf.path, parse(text, leaf.type));
    } catch (error) {
      problems.push({ path: leaf.variable, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { document: copy, problems };
}

/**
 * The same for names that other systems gave our settings. Throws nothing; a name that disagrees with our own variable
 * for the same setting is a problem that names both.
 */
export function applyNames(
  document: Record<string, unknown>,
  names: readonly EnvName[],
  environment: Environment,
): { document: Record<string, unknown>; problems: EnvProblem[] } {
  const copy = structuredClone(document);
  const problems: EnvProblem[] = [];
  for (const { variable, paths, read } of names) {
    try {
      const text = valueOf({ variable }, environment);
      if (text === undefined || text === '') continue;
      for (const path of paths) {
        const value = read(text, path);
        if (value === undefined) continue;
        const own = variableName(path.split('.'));
        const other = valueOf({ variable: own }, environment);
        if (other !== undefined && !says(other, value)) {
          problems.push({ path: variable, message: `disagrees with ${own} about ${path}; set one of the two` });
        }
        set(copy, path.split('.'), value);
      }
    } catch (error) {
      problems.push({ path: variable, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { document: copy, problems };
}

function says(text: string, value: unknown): boolean {
  if (typeof value === 'number') return Number(text) === value;
  return text === (Array.isArray(value) ? value.join(',') : String(value));
}

type Environment = Readonly<Record<string, string | undefined>>;

function variableName(path: readonly string[]): string {
  const words = path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
  return `TAPEWATCH_${words.join('_')}`;
}

function leafType({ type, items }: Exclude<JsonSchema, boolean>): Leaf['type'] {
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') {
    const item = Array.isArray(items) || typeof items !== 'object' ? undefined : items;
    return item?.type === 'string' ? 'texts' : 'json';
  }
  return type === 'object' ? 'json' : 'text';
}

function valueOf({ variable }: Pick<Leaf, 'variable'>, environment: Environment): string | undefined {
  const file = environment[`${variable}_FILE`];
  if (file === undefined || file === '') return environment[variable];
  return readFileSync(file, 'utf8').trim();
}

function parse(text: string, type: Leaf['type']): unknown {
  switch (type) {
    case 'text':
      return text;
    case 'texts':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw new Error(`"${text}" is not true or false`);
    case 'number':
      if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
      throw new Error(`"${text}" is not a number`);
    case 'json':
      return JSON.parse(text);
  }
}

function set(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node = document;
  for (const key of path.slice(0, -1)) {
    const child = node[key];
    if (typeof child === 'object' && child !== null && !Array.isArray(child)) node = child as Record<string, unknown>;
    else {
      const created: Record<string, unknown> = {};
      node[key] = created;
      node = created;
    }
  }
  node[path.at(-1) as string] = value;
}

function uniqueByVariable(leaves: readonly Leaf[]): Leaf[] {
  return [...new Map(leaves.map((leaf) => [leaf.variable, leaf])).values()];
}
