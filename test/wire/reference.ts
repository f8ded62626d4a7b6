/**
 * Builds the tables of docs/wire.md from their only sources: the zod schemas, the derived metrics and the default
 * streams. The page holds each between `<!-- table:NAME -->` markers; the drift test compares, or rewrites with
 * TAPEWATCH_UPDATE=1.
 */
import { alertObject, DERIVED_METRICS, SERVICE_FIELDS, wireHistogram, wireSchemas } from '@tapewatch/contract';
import { z } from 'zod';
import { markdownTable, replaceTables } from '../document/reference-page.ts';

const documents = { ...wireSchemas, histogram: wireHistogram, alert: alertObject };

interface JsonSchema {
  readonly properties?: Readonly<Record<string, { readonly description?: string; readonly default?: unknown }>>;
  readonly required?: readonly string[];
}

/** Markdown by table name: `schema:order`, ..., `derived` and `service`. */
export function referenceTables(): Map<string, string> {
  const tables = new Map<string, string>();
  for (const [kind, schema] of Object.entries(documents)) tables.set(`schema:${kind}`, schemaTable(schema));
  tables.set('derived', derivedTable());
  tables.set('service', serviceTable());
  return tables;
}

function schemaTable(schema: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  const rows = Object.entries(properties).map(([field, { description = '', default: preset }]) => {
    const need = required.includes(field) ? 'yes' : preset === undefined ? 'no' : `\`${JSON.stringify(preset)}\``;
    return [`\`${field}\``, need, description];
  });
  return markdownTable(['field', 'required or default', 'meaning'], rows);
}

function derivedTable(): string {
  const rows = DERIVED_METRICS.map(({ name, from, kind, unit, labels, help }) => [
    `\`${name}\``,
    from,
    kind,
    unit,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ]);
  return markdownTable(['metric', 'from', 'kind', 'unit', 'labels', 'meaning'], rows);
}

function serviceTable(): string {
  const rows = SERVICE_FIELDS.map(({ message, group, field, name, kind, unit, keyLabel }) => [
    `\`${message}\``,
    `\`${group}.${field}\``,
    `\`${name}\``,
    kind,
    unit,
    keyLabel === undefined ? '' : `\`${keyLabel}\``,
  ]);
  return markdownTable(['message', 'field', 'metric', 'kind', 'unit', 'one series for each'], rows);
}

/** The page with every table between its markers replaced by the present one; throws on a marker without a table. */
export function withTables(page: string): string {
  return replaceTables(page, referenceTables(), {
    render: (table) => `${table}\n`,
    complaint: (name) => `docs/wire.md names table:${name}, which test/wire/reference.ts does not build`,
  });
}

const FENCE_LANGUAGE: Readonly<Record<string, string>> = { ts: 'ts', py: 'python', go: 'go', rs: 'rust', cs: 'csharp' };

/** The page with every included file replaced by its present text. */
export function withSnippets(page: string, read: (path: string) => string): string {
  return page.replace(
    /(<!-- file:(\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, path: string, close: string) => {
      const language = FENCE_LANGUAGE[path.slice(path.lastIndexOf('.') + 1)] ?? '';
      return `${open}\`\`\`${language}\n${read(path).trimEnd()}\n\`\`\`\n${close}`;
    },
  );
}
