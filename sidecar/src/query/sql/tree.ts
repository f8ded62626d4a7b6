/**
 * What a statement reads, told by the tree that the engine's own parser made of it (`json_serialize_sql`): text tricks
 * (comments, quotes, a second statement) do not reach this far. Only a single SELECT over event tables passes; what
 * it may call beyond that is bounded by where it runs.
 */
import { EVENT_TABLES } from '@tapewatch/contract';
import type { EventTable } from '@tapewatch/core';

export interface Reads {
  readonly table: EventTable;
  /** Names of columns that may be meant; undefined: all. */
  readonly columns: readonly string[] | undefined;
}

export type TreeVerdict = { readonly reads: readonly Reads[] } | { readonly refused: string; readonly isSyntax?: true };

/** Table functions that make rows from their arguments. */
const ROW_MAKERS: ReadonlySet<string> = new Set(['unnest', 'generate_series', 'range']);
/** Functions that look at anything but their arguments and the rows. */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...['getenv', 'getvariable', 'current_setting', 'query', 'query_table', 'nextval', 'currval', 'set_config'],
  ...['json_execute_serialized_sql', 'json_serialize_sql', 'json_deserialize_sql', 'json_serialize_plan'],
  ...[
    'write_log',
    'add_parquet_key',
    'current_database',
    'current_schemas',
    'getsecret',
    'which_secret',
    'in_search_path',
  ],
  ...['read_text', 'read_blob', 'read_csv', 'read_csv_auto', 'read_json', 'read_parquet', 'parquet_scan', 'glob'],
]);
const REFUSED_PREFIX = /^(?:duckdb_|pragma_|pg_|has_|read_|sniff_|parquet_|enable_|disable_|force_|checkpoint|test_)/;

/** One that the engine has no view or file of. */
const COMMON_NAME = /^(?!sqlite_)[a-z_][a-z0-9_]*$/;

/** Deeper than any query that a person writes. */
const MAX_DEPTH = 500;
const MAX_NODES = 200_000;

type Node = Readonly<Record<string, unknown>>;

export function checkTree(document: unknown): TreeVerdict {
  const { error, error_type: kind, error_message: message, statements } = objectOf(document);
  if (error === true) {
    if (kind !== 'parser') return { refused: 'only a single SELECT is allowed' };
    return { refused: textOf(message) || 'it cannot be read', isSyntax: true };
  }
  if (!Array.isArray(statements) || statements.length !== 1) {
    return { refused: `only a single SELECT is allowed, got ${Array.isArray(statements) ? statements.length : 0}` };
  }
  const walk = new TreeWalk();
  walk.visit(statements[0], 0);
  if (walk.refused !== undefined) return { refused: walk.refused };
  return walk.reads();
}

class TreeWalk {
  refused: string | undefined;
  #nodes = 0;
  #takesAll = false;
  readonly #tables = new Set<string>();
  readonly #common = new Set<string>();
  readonly #aliases = new Set<string>();
  readonly #columns = new Set<string>();
  readonly #qualifiers = new Set<string>();

  visit(value: unknown, depth: number): void {
    if (this.refused !== undefined || typeof value !== 'object' || value === null) return;
    if (depth > MAX_DEPTH || ++this.#nodes > MAX_NODES) {
      this.refused = 'it is too long or too deeply nested';
      return;
    }
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, depth + 1);
      return;
    }
    const node = value as Node;
    this.#look(node);
    for (const child of Object.values(node)) this.visit(child, depth + 1);
  }

  reads(): TreeVerdict {
    const tables: EventTable[] = [];
    for (const name of this.#tables) {
      const table = EVENT_TABLES.find((known) => known === name);
      if (table === undefined && this.#common.has(name)) continue;
      if (table === undefined) return { refused: `there is no table ${name}; there are ${EVENT_TABLES.join(', ')}` };
      tables.push(table);
    }
    const isRelation = (name: string): boolean => this.#tables.has(name) || this.#aliases.has(name);
    const strange = [...this.#common].find((name) => !COMMON_NAME.test(name) || REFUSED_PREFIX.test(name));
    if (strange !== undefined) return { refused: `${JSON.stringify(strange)} cannot be the name of a WITH clause` };
    const names = [...this.#columns, ...[...this.#qualifiers].filter((name) => !isRelation(name))];
    const isWhole = this.#takesAll || names.some(isRelation);
    const columns = isWhole ? undefined : names.flatMap(columnsBehind);
    return { reads: tables.map((table) => ({ table, columns })) };
  }

  #look(node: Node): void {
    const { type } = node;
    if (type === 'BASE_TABLE') this.#lookAtTable(node);
    else if (type === 'TABLE_FUNCTION') this.#lookAtTableFunction(objectOf(node['function']));
    else if (type === 'SHOW_REF') this.#lookAtShow(node);
    else if (node['class'] === 'FUNCTION') this.#lookAtFunction(node);
    else if (type === 'STAR' || type === 'POSITIONAL_REFERENCE' || type === 'PIVOT') this.#takesAll = true;
    if (type === 'JOIN' && node['ref_type'] === 'NATURAL') this.#takesAll = true;
    if (typeof node['alias'] === 'string' && node['class'] === undefined) this.#aliases.add(lower(node['alias']));
    for (const key of ['column_names', 'using_columns']) {
      const names = node[key];
      if (!Array.isArray(names)) continue;
      for (const [i, name] of names.entries()) {
        // The first of several is a relation, or a column that has parts; one alone may be a relation's whole row.
        const into = i === 0 && names.length > 1 ? this.#qualifiers : this.#columns;
        into.add(lower(textOf(name)));
      }
    }
    const commons = objectOf(node['cte_map'])['map'];
    if (Array.isArray(commons)) for (const entry of commons) this.#common.add(lower(textOf(objectOf(entry)['key'])));
  }

  #lookAtTable(node: Node): void {
    const name = textOf(node['table_name']);
    const [catalog, schema] = [textOf(node['catalog_name']), textOf(node['schema_name'])];
    if (catalog !== '' || schema !== '') {
      this.refused = `${[catalog, schema, name].filter((part) => part !== '').join('.')} is not an event table`;
    } else if (node['at_clause'] !== null && node['at_clause'] !== undefined) this.refused = 'AT is not offered';
    else this.#tables.add(lower(name));
  }

  #lookAtTableFunction(call: Node): void {
    const name = lower(textOf(call['function_name']));
    if (!ROW_MAKERS.has(name)) this.refused = `the table function ${name} is not allowed`;
  }

  #lookAtShow(node: Node): void {
    this.#takesAll = true;
    if (objectOf(node['query'])['type'] === undefined)
      this.refused = 'only DESCRIBE and SUMMARIZE of a table are allowed';
  }

  #lookAtFunction(node: Node): void {
    const name = lower(textOf(node['function_name']));
    if (REFUSED_FUNCTIONS.has(name) || REFUSED_PREFIX.test(name)) this.refused = `the function ${name} is not allowed`;
    if (textOf(node['catalog']) !== '' || !['', 'main'].includes(textOf(node['schema']))) {
      this.refused = `the function ${name} of another schema is not allowed`;
    }
  }
}

/** `sent_time` is made of `sent_nanos`; a part of a struct or a list is asked for by its own name. */
function columnsBehind(name: string): string[] {
  return name.endsWith('_time') ? [name, name.replace(/_time$/, '_nanos')] : [name];
}

function objectOf(value: unknown): Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The engine's names know no case. */
function lower(name: string): string {
  return name.toLowerCase();
}
