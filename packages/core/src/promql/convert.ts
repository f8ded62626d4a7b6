/**
 * Syntax tree (Lezer) to expression tree. Assumes a tree without error nodes. Postfix modifiers that the grammar hangs
 * over a whole operation are moved to its last operand, where PromQL's precedence puts them.
 */
import type { SyntaxNode } from '@lezer/common';
import { METRIC_NAME } from '../model/labels.ts';
import type { Matcher, MatchOperator } from '../model/matcher.ts';
import type {
  Aggregate,
  Aggregation,
  At,
  Binary,
  BinaryOperator,
  Duration,
  Expr,
  Extension,
  Matching,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  Unary,
  VectorSelector,
} from './ast.ts';
import { isSetOperator } from './ast.ts';
import { PromqlError, type TextSpan } from './error.ts';
import { parseNumber, unquote } from './literal.ts';

type Postfix = (expr: Expr) => Expr;
type Shiftable = VectorSelector | MatrixSelector | Subquery;

export class Converter {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  expression(node: SyntaxNode): Expr {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return { kind: 'number', value: this.#number(node), ...spanOf(node) };
      case 'StringLiteral':
        return { kind: 'string', value: this.#string(node), ...spanOf(node) };
      case 'VectorSelector':
        return this.#selector(node);
      case 'MatrixSelector':
        return postfix(this.#first(node), this.#matrix(node));
      case 'SubqueryExpr':
        return postfix(this.#first(node), this.#subquery(node));
      case 'OffsetExpr':
        return postfix(this.#first(node), this.#offset(node));
      case 'StepInvariantExpr':
        return postfix(this.#first(node), this.#at(node));
      case 'AnchoredExpr':
        return postfix(this.#first(node), extend('anchored'));
      case 'SmoothedExpr':
        return postfix(this.#first(node), extend('smoothed'));
      case 'FunctionCall':
        return this.#call(node);
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'BinaryExpr':
        return this.#binary(node);
      case 'UnaryExpr':
        return this.#unary(node);
      case 'ParenExpr':
        return { kind: 'paren', expr: this.#first(node), ...spanOf(node) };
      default:
        throw new PromqlError('parse', `${JSON.stringify(this.#slice(node))} is not supported here`, node);
    }
  }

  #slice(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  #first(node: SyntaxNode): Expr {
    return this.expression(only(childrenOf(node).filter(isExpression).slice(0, 1), node));
  }

  #number(node: SyntaxNode): number {
    const value = parseNumber(this.#slice(node));
    if (value === undefined) throw new PromqlError('parse', `bad number or duration ${this.#slice(node)}`, node);
    return value;
  }

  #string(node: SyntaxNode): string {
    const value = unquote(this.#slice(node));
    if (value === undefined) throw new PromqlError('parse', `bad string literal ${this.#slice(node)}`, node);
    return value;
  }

  #selector(node: SyntaxNode): VectorSelector {
    const matchers: Matcher[] = [];
    const name = node.getChild('Identifier');
    if (name !== null) matchers.push({ name: METRIC_NAME, operator: '=', value: this.#slice(name) });
    for (const item of childrenOf(node.getChild('LabelMatchers'))) {
      const matcher = this.#matcher(item);
      const isName = matcher.name === METRIC_NAME && matcher.operator === '=';
      if (isName && matchers.some((other) => other.name === METRIC_NAME && other.operator === '=')) {
        throw new PromqlError('parse', `metric name must not be set twice: ${JSON.stringify(matcher.value)}`, item);
      }
      matchers.push(matcher);
    }
    return { kind: 'selector', matchers, ...(name === null ? {} : { named: true as const }), ...spanOf(node) };
  }

  #matcher(node: SyntaxNode): Matcher {
    if (node.name === 'QuotedLabelName') {
      return { name: METRIC_NAME, operator: '=', value: this.#string(only(childrenOf(node), node)) };
    }
    const [label, operator, value] = childrenOf(node) as [SyntaxNode, SyntaxNode, SyntaxNode];
    return {
      name: this.#labelName(label),
      operator: this.#slice(operator) as MatchOperator,
      value: this.#string(value),
    };
  }

  #labelName(node: SyntaxNode): string {
    return node.name === 'QuotedLabelName' ? this.#string(only(childrenOf(node), node)) : this.#slice(node);
  }

  #matrix(node: SyntaxNode): Postfix {
    const range = this.#duration(only(node.getChildren('DurationExpr'), node));
    return (inner) => {
      if (inner.kind !== 'selector') {
        throw new PromqlError('parse', 'ranges only allowed for vector selectors; use a subquery [range:step]', inner);
      }
      if (inner.offset !== undefined || inner.at !== undefined) {
        throw new PromqlError('parse', 'no offset or @ modifiers allowed before range', inner);
      }
      return { kind: 'matrix', selector: inner, range, from: inner.from, to: node.to };
    };
  }

  #subquery(node: SyntaxNode): Postfix {
    const [range, step] = node.getChildren('DurationExpr').map((part) => this.#duration(part));
    return (expr) => ({
      kind: 'subquery',
      expr,
      range: range as Duration,
      ...(step === undefined ? {} : { step }),
      from: expr.from,
      to: node.to,
    });
  }

  #offset(node: SyntaxNode): Postfix {
    const offset = this.#duration(only(node.getChildren('OffsetDurationExpr'), node));
    return (inner) =>
      shift(inner, { offset }, 'offset modifier must be preceded by a selector or a subquery, and set once');
  }

  #at(node: SyntaxNode): Postfix {
    const literal = node.getChild('NumberDurationLiteral');
    const at = literal === null ? this.#atEdge(node) : this.#atTime(literal);
    return (inner) => shift(inner, { at }, '@ modifier must be preceded by a selector or a subquery, and set once');
  }

  #atEdge(node: SyntaxNode): At {
    const edge = node.getChild('AtModifierPreprocessors') as SyntaxNode;
    return { kind: this.#slice(edge).toLowerCase().startsWith('start') ? 'start' : 'end' };
  }

  #atTime(node: SyntaxNode): At {
    const seconds = this.#number(node);
    if (!Number.isFinite(seconds)) throw new PromqlError('parse', `timestamp out of bounds for @: ${seconds}`, node);
    return { kind: 'time', ms: Math.round(seconds * 1000) };
  }

  #call(node: SyntaxNode): Expr {
    const name = this.#slice(only(node.getChildren('FunctionIdentifier'), node));
    return { kind: 'call', name, args: this.#args(node), ...spanOf(node) };
  }

  #args(node: SyntaxNode): Expr[] {
    return childrenOf(node.getChild('FunctionCallBody'))
      .filter(isExpression)
      .map((arg) => this.expression(arg));
  }

  #aggregate(node: SyntaxNode): Aggregate {
    const operation = this.#slice(only(node.getChildren('AggregateOp'), node)).toLowerCase() as Aggregation;
    const modifier = node.getChild('AggregateModifier');
    const args = this.#args(node);
    const needsParam = ['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'].includes(operation);
    const expected = needsParam ? 2 : 1;
    const expr = args.at(-1);
    if (expr === undefined || args.length !== expected) {
      const message = `wrong number of arguments for aggregate expression provided, expected ${expected}, got ${args.length}`;
      throw new PromqlError('parse', message, node);
    }
    return {
      kind: 'aggregate',
      operation,
      ...(needsParam ? { param: args[0] as Expr } : {}),
      expr,
      grouping: this.#labels(modifier?.getChild('GroupingLabels') ?? null),
      without: (modifier?.getChild('Without') ?? null) !== null,
      ...spanOf(node),
    };
  }

  #labels(node: SyntaxNode | null): string[] {
    return childrenOf(node).map((label) => this.#labelName(label));
  }

  #binary(node: SyntaxNode): Expr {
    const [left, operatorNode] = childrenOf(node) as [SyntaxNode, SyntaxNode];
    const operator = this.#slice(operatorNode).toLowerCase() as BinaryOperator;
    const bool = node.getChild('BoolModifier') !== null;
    const right = this.expression(childrenOf(node).filter(isExpression)[1] as SyntaxNode);
    const binary: Omit<Binary, 'left'> = {
      kind: 'binary',
      operator,
      right,
      bool,
      matching: this.#matching(node, operator),
      ...spanOf(node),
    };
    const leftExpr = this.expression(left);
    const bare = left.name === 'NumberDurationLiteral' && this.#slice(left).startsWith('-');
    if (operator !== '^' || !bare || leftExpr.kind !== 'number') return { ...binary, left: leftExpr };
    const base: Expr = { ...leftExpr, value: -leftExpr.value, from: leftExpr.from + 1 };
    return { kind: 'unary', operator: '-', expr: { ...binary, left: base, from: base.from }, ...spanOf(node) };
  }

  #matching(node: SyntaxNode, operator: BinaryOperator): Matching {
    const clause = node.getChild('MatchingModifierClause');
    const plain = isSetOperator(operator) ? 'many-to-many' : 'one-to-one';
    const fills = this.#fills(node.getChild('FillModifier'));
    if (clause === null) return { cardinality: plain, on: false, labels: [], include: [], ...fills };
    const [labels, include] = clause.getChildren('GroupingLabels').map((group) => this.#labels(group));
    const left = clause.getChild('GroupLeft') !== null;
    const right = clause.getChild('GroupRight') !== null;
    if (isSetOperator(operator) && (left || right)) {
      throw new PromqlError('parse', `no grouping allowed for "${operator}" operation`, clause);
    }
    const on = clause.getChild('On') !== null;
    const clash = on ? (include ?? []).find((label) => labels?.includes(label)) : undefined;
    if (clash !== undefined) {
      throw new PromqlError('parse', `label "${clash}" must not occur in ON and GROUP clause at once`, clause);
    }
    const cardinality = left ? 'many-to-one' : right ? 'one-to-many' : plain;
    return { cardinality, on, labels: labels ?? [], include: include ?? [], ...fills };
  }

  #fills(node: SyntaxNode | null): Pick<Matching, 'fillLeft' | 'fillRight'> {
    const valueOf = (name: string): number | undefined => {
      const literal = node?.getChild(name)?.getChild('NumberDurationLiteral') ?? null;
      return literal === null ? undefined : this.#number(literal);
    };
    const both = valueOf('FillClause');
    const fillLeft = valueOf('FillLeftClause') ?? both;
    const fillRight = valueOf('FillRightClause') ?? both;
    return { ...(fillLeft === undefined ? {} : { fillLeft }), ...(fillRight === undefined ? {} : { fillRight }) };
  }

  /** A sign before a number is part of the number, as in Prometheus's own grammar. */
  #unary(node: SyntaxNode): Unary | NumberLiteral {
    const operator = this.#slice(only(node.getChildren('UnaryOp'), node)) as '+' | '-';
    const expr = this.#first(node);
    if (expr.kind !== 'number') return { kind: 'unary', operator, expr, ...spanOf(node) };
    return { ...expr, value: operator === '-' ? -expr.value : expr.value, ...spanOf(node) };
  }

  #duration(node: SyntaxNode): Duration {
    const children = childrenOf(node);
    const first = children[0];
    if (node.name === 'NumberDurationLiteralInDurationContext') {
      const seconds = this.#number(node);
      if (!Number.isFinite(seconds)) throw new PromqlError('parse', 'duration must be finite', node);
      return { kind: 'ms', ms: Math.round(seconds * 1000) };
    }
    if (first === undefined) throw new PromqlError('parse', `bad duration ${this.#slice(node)}`, node);
    const parts = children.filter((child) => /^(Offset)?DurationExpr$|InDurationContext$/.test(child.name));
    const values = parts.map((part) => this.#duration(part));
    const [left, right] = values;
    if (first.name === 'DurationStep') return { kind: 'step' };
    if (first.name === 'DurationRange') return { kind: 'range' };
    if (left === undefined) throw new PromqlError('parse', `bad duration ${this.#slice(node)}`, node);
    if (first.name === 'UnaryOp') return this.#slice(first) === '-' ? { kind: 'negate', value: left } : left;
    if (right === undefined) return left;
    const minMax = first.name === 'DurationMinOf' ? 'min_of' : first.name === 'DurationMaxOf' ? 'max_of' : undefined;
    const operator = minMax ?? (this.#slice(children[1] as SyntaxNode) as '+');
    return { kind: 'operation', operator, left, right };
  }
}

/** Applies a postfix modifier to the operand that it belongs to: the last one of an operation without parentheses. */
function postfix(expr: Expr, apply: Postfix): Expr {
  if (expr.kind === 'binary') return { ...expr, right: postfix(expr.right, apply) };
  if (expr.kind === 'unary') return { ...expr, expr: postfix(expr.expr, apply) };
  return apply(expr);
}

function shift(inner: Expr, change: { offset: Duration } | { at: At }, problem: string): Expr {
  const target: Expr = inner.kind === 'matrix' ? inner.selector : inner;
  if (target.kind !== 'selector' && target.kind !== 'subquery') throw new PromqlError('parse', problem, inner);
  if (('offset' in change ? target.offset : target.at) !== undefined) throw new PromqlError('parse', problem, inner);
  const changed: Shiftable = { ...target, ...change };
  return inner.kind === 'matrix' ? { ...inner, selector: changed as VectorSelector } : changed;
}

function extend(extension: Extension): Postfix {
  return (inner) => {
    if (inner.kind === 'subquery') {
      throw new PromqlError('parse', `${extension} modifier is not supported for subqueries`, inner);
    }
    const target = inner.kind === 'matrix' ? inner.selector : inner;
    if (target.kind !== 'selector') {
      throw new PromqlError('parse', `${extension} modifier must be preceded by a selector`, inner);
    }
    if (target.extension !== undefined && target.extension !== extension) {
      throw new PromqlError('parse', 'anchored and smoothed modifiers cannot be used together', inner);
    }
    const selector: VectorSelector = { ...target, extension };
    return inner.kind === 'matrix' ? { ...inner, selector } : selector;
  };
}

function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}

const EXPRESSIONS = new Set([
  'AggregateExpr',
  'BinaryExpr',
  'FunctionCall',
  'MatrixSelector',
  'NumberDurationLiteral',
  'OffsetExpr',
  'AnchoredExpr',
  'SmoothedExpr',
  'ParenExpr',
  'StringLiteral',
  'SubqueryExpr',
  'UnaryExpr',
  'VectorSelector',
  'StepInvariantExpr',
]);

function isExpression(node: SyntaxNode): boolean {
  return EXPRESSIONS.has(node.name);
}

function only(nodes: readonly SyntaxNode[], parent: SyntaxNode): SyntaxNode {
  const [node] = nodes;
  if (node === undefined) throw new PromqlError('parse', `incomplete ${parent.name}`, parent);
  return node;
}

function spanOf(node: SyntaxNode): TextSpan {
  return { from: node.from, to: node.to };
}
