/**
 * Builds the tables of docs/configuration.md from the schema of the configuration and the list of environment names. The
 * page holds each between `<!-- table:NAME -->` markers; the drift test compares, or rewrites with TAPEWATCH_UPDATE=1.
 */
import { z } from 'zod';
import { configSchema } from '../../sidecar/src/config.ts';
import { ENV_NAMES } from '../../sidecar/src/env-names.ts';
import { leavesOf } from '../../sidecar/src/env-overrides.ts';
import { markdownTable, replaceTables } from '../document/reference-page.ts';

type JsonSchema = Exclude<z.core.JSONSchema._JSONSchema, boolean>;

const root = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** Markdown by table name: one for each top-level section, and `environment`. */
export function referenceTables(): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  for (const [section, schema] of Object.entries(root.properties ?? {})) {
    if (typeof schema === 'object') tables.set(section, sectionTable(section, schema));
  }
  const names = ENV_NAMES.map(({ variable, standard, paths, meaning }) => [
    `\`${variable}\``,
    standard === '' ? '' : `\`${standard}\``,
    paths.map((path) => `\`${path}\``).join(', '),
    meaning,
  ]);
  tables.set('environment', markdownTable(['variable', 'default', 'sets', 'meaning'], names));
  return tables;
}

interface Setting {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly preset: unknown;
}

function sectionTable(section: string, schema: JsonSchema): string {
  const variables = new Map(leavesOf(root).map(({ path, variable }) => [path.join('.'), variable]));
  const settings = uniqueByPath(settingsOf(section, schema, schema.default));
  const rows = settings.map(({ path, schema: own, preset }) => {
    const variable = variables.get(path);
    return [
      `\`${path}\``,
      preset === undefined ? '' : `\`${shown(preset)}\``,
      limits(own),
      own.description ?? '',
      variable === undefined ? '' : `\`${variable}\``,
    ];
  });
  return markdownTable(['setting', 'default', 'may be', 'meaning', 'environment'], rows);
}

/** Leaves of objects and of every branch of a union; a list is a leaf, its items stand below it as `path[]`. */
function settingsOf(path: string, schema: JsonSchema, preset: unknown): Setting[] {
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].filter(isObject);
  const objects = branches.filter(({ properties }) => properties !== undefined);
  if (objects.length > 0) return objects.flatMap((branch) => settingsOf(path, branch, preset));
  const { properties } = schema;
  if (properties === undefined) {
    const items = Array.isArray(schema.items) ? undefined : schema.items;
    const own = { path, schema, preset: schema.default ?? preset };
    if (typeof items !== 'object' || items.properties === undefined) return [own];
    return [own, ...settingsOf(`${path}[]`, items, undefined)];
  }
  return Object.entries(properties).flatMap(([key, child]) =>
    typeof child === 'object' ? settingsOf(`${path}.${key}`, child, child.default ?? fieldOf(preset, key)) : [],
  );
}

function uniqueByPath(settings: readonly Setting[]): Setting[] {
  const byPath = new Map<string, Setting>();
  for (const setting of settings) if (!byPath.has(setting.path)) byPath.set(setting.path, setting);
  return [...byPath.values()];
}

function isObject(schema: z.core.JSONSchema._JSONSchema): schema is JsonSchema {
  return typeof schema === 'object';
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** A long default, such as the list of streams, is told elsewhere. */
function shown(preset: unknown): string {
  const text = typeof preset === 'string' ? preset : JSON.stringify(preset);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function limits({ type, minimum, maximum, enum: values, const: only }: JsonSchema): string {
  if (only !== undefined) return `\`${String(only)}\``;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  const kinds: Readonly<Record<string, string>> = {
    boolean: '`true`, `false`',
    string: 'text',
    array: 'list',
    object: 'map',
  };
  if (type !== 'number' && type !== 'integer') return kinds[String(type)] ?? '';
  const kind = type === 'integer' ? 'whole number' : 'number';
  const bounds = [minimum, maximum].map((bound) => (bound === undefined ? undefined : bound.toLocaleString('en-US')));
  if (bounds[0] !== undefined && bounds[1] !== undefined) return `${kind}, ${bounds[0]} to ${bounds[1]}`;
  return bounds[0] === undefined ? kind : `${kind}, ${bounds[0]} or more`;
}

/** The page with every table replaced by the present one; throws on a marker without a table. */
export function withTables(page: string): string {
  return replaceTables(page, referenceTables(), {
    render: (table) => `\n${table}\n\n`,
    complaint: (name) => `docs/configuration.md names table:${name}, which no setting has`,
  });
}
