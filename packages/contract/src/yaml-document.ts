/**
 * Reads a YAML document against a zod schema and tells every problem at once, each with file, line, path and value: what
 * a person can correct in one go. Used for rule files and Alertmanager configurations.
 */
import { LineCounter, isMap, isPair, isScalar, isSeq, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';

export interface DocumentProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Such as `groups[0].rules[2].expr`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** Collects what further checks find wrong, by path. */
export type Report = (path: Path, message: string) => void;

export type DocumentResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/** Largest document that is read, in UTF-16 units. */
export const MAX_DOCUMENT_LENGTH = 4_194_304;
/** More aliases than any honest file has; bounds what a small file can grow to. */
const MAX_ALIASES = 100;

/** Their values stay out of messages: problems are logged, and a webhook's address often carries its secret. */
const SECRET_KEY = /^(url|credentials|password|token|bearer_token|key|secret)$/;

interface Parsed {
  readonly document: Document;
  readonly lines: LineCounter;
}

export interface ReadOptions<T> {
  readonly file: string;
  /** Sees any document, also one that does not fit, so that its findings stand beside the schema's. */
  readonly inspect?: (input: unknown, report: Report) => void;
  /** Sees a document that fits the schema, and reports what the schema cannot say. */
  readonly check?: (value: T, report: Report) => void;
}

export function readYaml<S extends z.ZodType>(
  schema: S,
  text: string,
  options: ReadOptions<z.output<S>>,
): DocumentResult<z.output<S>> {
  const { file } = options;
  if (text.length > MAX_DOCUMENT_LENGTH) {
    const message = `the document has ${text.length} characters; at most ${MAX_DOCUMENT_LENGTH} are read, split it`;
    return { ok: false, problems: [{ file, line: 1, path: '', message }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({
      file,
      line: lines.linePos(pos[0]).line,
      path: '',
      message,
    }));
    return { ok: false, problems };
  }
  return readParsed(schema, { document, lines }, options);
}

function readParsed<S extends z.ZodType>(
  schema: S,
  parsed: Parsed,
  { file, inspect, check }: ReadOptions<z.output<S>>,
): DocumentResult<z.output<S>> {
  const problems: DocumentProblem[] = [];
  const report: Report = (path, message) => {
    problems.push({ file, line: lineOf(parsed, path), path: pathText(path), message });
  };
  let input: unknown;
  try {
    input = parsed.document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    report([], error instanceof Error ? error.message : String(error));
    return { ok: false, problems };
  }
  inspect?.(input, report);
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) check?.(result.data, report);
  else for (const issue of result.error.issues) reportIssue(issue, report);
  problems.sort((a, b) => a.line - b.line);
  return problems.length === 0 && result.success ? { ok: true, value: result.data } : { ok: false, problems };
}

function reportIssue(issue: z.core.$ZodIssue, report: Report): void {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) report([...path, key], `the key "${key}" is not known here; remove it or correct it`);
  } else {
    const isShown =
      ['string', 'number', 'boolean'].includes(typeof issue.input) && !SECRET_KEY.test(String(path.at(-1)));
    const seen = isShown ? ` (seen: ${JSON.stringify(issue.input)})` : '';
    report(path, issue.message + seen);
  }
}

/** The line of the innermost node on the path that the document has; a key's own line when its value starts later. */
function lineOf({ document, lines }: Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(document.contents);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) break;
      offset = startOf(pair.key as Node);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node as Node | undefined) || offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

function startOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}

function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** `rules/a.yaml:12: groups[0].rules[2].expr: unexpected ")"` */
export function formatProblem({ file, line, path, message }: DocumentProblem): string {
  return `${file}:${line}: ${path === '' ? '' : `${path}: `}${message}`;
}
