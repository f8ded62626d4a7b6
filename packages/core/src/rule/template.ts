/**
 * Texts of labels and annotations: the safe subset of Prometheus's templates.
 * Understood: `{{ $labels.name }}`, `{{ $value }}`, `.Labels.name`, `.Value`, string and number literals, pipes, `printf`,
 * and the functions below. Everything else is an error when the rule is loaded, with its place: a template never runs
 * code, never loops, and what a label holds is never read as a template.
 */
import type { Labels } from '../model/labels.ts';
import { formatShortest } from './go-format.ts';
import { humanize, humanize1024, humanizeDuration, humanizePercentage } from './humanize.ts';
import { countVerbs, printf } from './printf.ts';
import { type Token, TemplateError, tokenizeAction } from './template-token.ts';

export { TemplateError } from './template-token.ts';

type Value = string | number;

export interface TemplateScope {
  readonly labels: Labels;
  readonly value: number;
}

type Evaluate = (scope: TemplateScope, piped: Value | undefined) => Value;

export interface Template {
  readonly source: string;
  /** Never throws; a function that cannot use its argument says so in the text. */
  render(scope: TemplateScope): string;
}

const NUMBER_FUNCTIONS: Readonly<Record<string, (value: number) => string>> = {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
};
const TEXT_FUNCTIONS: Readonly<Record<string, (text: string) => string>> = {
  toUpper: (text) => text.toUpperCase(),
  toLower: (text) => text.toLowerCase(),
};
const KNOWN = [...Object.keys(NUMBER_FUNCTIONS), ...Object.keys(TEXT_FUNCTIONS), 'printf'].join(', ');

/** Throws `TemplateError` with the offset of the first part that is not understood. */
export function parseTemplate(source: string): Template {
  const parts: (string | Evaluate)[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const text = source.slice(at, open === -1 ? undefined : open);
    const close = open === -1 ? -1 : source.indexOf('}}', open);
    if (open !== -1 && close === -1) throw new TemplateError('"{{" is not closed by "}}"', open);
    const inner = open === -1 ? '' : source.slice(open + 2, close);
    const trimBefore = /^-\s/.test(inner);
    const trimAfter = /\s-$/.test(inner);
    parts.push(trimmed(text, trimNext, trimBefore));
    if (open === -1) break;
    const body = inner.slice(trimBefore ? 1 : 0, trimAfter ? -1 : undefined);
    parts.push(parsePipeline(tokenizeAction(body, open + 2 + (trimBefore ? 1 : 0)), open));
    trimNext = trimAfter;
    at = close + 2;
  }
  return { source, render: (scope) => parts.map((part) => renderPart(part, scope)).join('') };
}

function renderPart(part: string | Evaluate, scope: TemplateScope): string {
  return typeof part === 'string' ? part : asText(part(scope, undefined));
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const left = start ? text.trimStart() : text;
  return end ? left.trimEnd() : left;
}

function parsePipeline(tokens: readonly Token[], openedAt: number): Evaluate {
  if (tokens.length === 0) throw new TemplateError('"{{ }}" is empty', openedAt);
  const commands: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'pipe') commands.push([]);
    else commands.at(-1)?.push(token);
  }
  const stages = commands.map((command, index) => parseCommand(command, index > 0, openedAt));
  return (scope) => stages.reduce<Value | undefined>((piped, stage) => stage(scope, piped), undefined) ?? '';
}

function parseCommand(command: readonly Token[], hasPiped: boolean, openedAt: number): Evaluate {
  const [head, ...rest] = command;
  if (head === undefined) throw new TemplateError('a "|" has nothing on one side', openedAt);
  if (head.kind !== 'name') {
    const extra = rest[0];
    if (hasPiped)
      throw new TemplateError(`"${head.text}" cannot take a piped value; use one of ${KNOWN}`, head.position);
    if (extra !== undefined) throw new TemplateError(`"${extra.text}" is not expected here`, extra.position);
    return parseOperand(head);
  }
  if (head.text === 'printf') return parsePrintf(head, rest, hasPiped);
  return parseFunction(head, rest, hasPiped);
}

function parseFunction(head: Token, rest: readonly Token[], hasPiped: boolean): Evaluate {
  const argumentCount = rest.length + (hasPiped ? 1 : 0);
  const onNumber = Object.hasOwn(NUMBER_FUNCTIONS, head.text) ? NUMBER_FUNCTIONS[head.text] : undefined;
  const onText = Object.hasOwn(TEXT_FUNCTIONS, head.text) ? TEXT_FUNCTIONS[head.text] : undefined;
  if (onNumber === undefined && onText === undefined) {
    throw new TemplateError(`"${head.text}" is not known here; use one of ${KNOWN}`, head.position);
  }
  if (argumentCount !== 1) throw new TemplateError(`${head.text} takes one value, not ${argumentCount}`, head.position);
  const operand = rest[0] === undefined ? undefined : parseOperand(rest[0]);
  return (scope, piped) => {
    const value = operand === undefined ? (piped ?? '') : operand(scope, undefined);
    if (onText !== undefined) return onText(asText(value));
    const number = asNumber(value);
    return number === undefined
      ? `<${head.text}: ${JSON.stringify(value)} is not a number>`
      : (onNumber?.(number) ?? '');
  };
}

function parsePrintf(head: Token, rest: readonly Token[], hasPiped: boolean): Evaluate {
  const [format, ...operandTokens] = rest;
  if (format?.kind !== 'string') throw new TemplateError('printf needs a quoted format first', head.position);
  const verbs = countVerbs(format.text);
  if (typeof verbs === 'string') throw new TemplateError(verbs, format.position);
  const given = operandTokens.length + (hasPiped ? 1 : 0);
  if (verbs !== given) {
    throw new TemplateError(`the format has ${verbs} place(s) but ${given} value(s) are given`, format.position);
  }
  const operands = operandTokens.map(parseOperand);
  return (scope, piped) => {
    const values = operands.map((operand) => operand(scope, undefined));
    return printf(format.text, piped === undefined ? values : [...values, piped]);
  };
}

function parseOperand(token: Token): Evaluate {
  switch (token.kind) {
    case 'label':
      return ({ labels }) => labels.get(token.text);
    case 'value':
      return ({ value }) => value;
    case 'string':
      return () => token.text;
    case 'number':
      return () => Number(token.text);
    default:
      throw new TemplateError(`"${token.text}" is not expected here`, token.position);
  }
}

function asText(value: Value): string {
  return typeof value === 'number' ? formatShortest(value) : value;
}

function asNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  const number = value.trim() === '' ? NaN : Number(value);
  return Number.isNaN(number) ? undefined : number;
}
