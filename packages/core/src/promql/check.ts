/** Type check of an expression: argument counts and types, operands, and selectors that would match everything. */
import type { Aggregate, Binary, Call, Expr, ValueType, VectorSelector } from './ast.ts';
import { isComparison, isSetOperator, isTrimOperator, withoutParens } from './ast.ts';
import { PromqlError } from './error.ts';
import { typeName, type FunctionArgument, type FunctionRegistry } from './function/definition.ts';
import type { Matcher } from '../model/matcher.ts';

/** Throws `PromqlError` at the first violation, children first; otherwise returns the type. */
export function checkTypes(expr: Expr, functions: FunctionRegistry): ValueType {
  const check = (inner: Expr): ValueType => checkTypes(inner, functions);
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
      requireNarrow(expr);
      return 'vector';
    case 'matrix':
      requireNarrow(expr.selector);
      return 'matrix';
    case 'subquery':
      demandType(expr.expr, check(expr.expr), 'vector', 'subquery is only allowed on');
      return 'matrix';
    case 'paren':
      return check(expr.expr);
    case 'unary':
      return checkUnary(expr.expr, check(expr.expr));
    case 'call':
      return checkCall(expr, functions, check);
    case 'aggregate':
      return checkAggregate(expr, check);
    case 'binary':
      return checkBinary(expr, check);
  }
}

/** The type of an expression that has passed the check. */
export function typeOf(expr: Expr, functions: FunctionRegistry): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregate':
      return 'vector';
    case 'matrix':
    case 'subquery':
      return 'matrix';
    case 'paren':
    case 'unary':
      return typeOf(expr.expr, functions);
    case 'call':
      return functions.get(expr.name)?.returns ?? 'vector';
    case 'binary':
      return typeOf(expr.left, functions) === 'scalar' ? typeOf(expr.right, functions) : 'vector';
  }
}

function demandType(expr: Expr, seen: ValueType, wanted: ValueType, place: string): void {
  if (seen === wanted) return;
  throw new PromqlError('parse', `${place} ${typeName(wanted)}, got ${typeName(seen)}`, expr);
}

function requireNarrow(selector: VectorSelector): void {
  if (selector.matchers.some(refusesEmpty)) return;
  const message = 'vector selector must contain at least one non-empty matcher; name a metric or a label value';
  throw new PromqlError('parse', message, selector);
}

/** Whether a missing label fails the matcher; patterns are judged by their commonest match-all spellings. */
function refusesEmpty({ operator, value }: Matcher): boolean {
  const matchesEmpty = value === '' || value === '.*';
  switch (operator) {
    case '=':
      return value !== '';
    case '!=':
      return value === '';
    case '=~':
      return !matchesEmpty;
    case '!~':
      return matchesEmpty;
  }
}

function checkUnary(inner: Expr, type: ValueType): ValueType {
  if (type === 'scalar' || type === 'vector') return type;
  const message = `unary expression only allowed on expressions of type scalar or instant vector, got ${typeName(type)}`;
  throw new PromqlError('parse', message, inner);
}

function checkCall(call: Call, functions: FunctionRegistry, check: (expr: Expr) => ValueType): ValueType {
  const definition = functions.get(call.name);
  if (definition === undefined) throw new PromqlError('parse', `unknown function with name "${call.name}"`, call);
  const { args } = definition;
  const needed = args.filter(({ optional }) => optional !== true).length;
  const most = args.at(-1)?.variadic === true ? Infinity : args.length;
  if (call.args.length < needed || call.args.length > most) {
    const wanted = needed === most ? `${needed}` : call.args.length < needed ? `at least ${needed}` : `at most ${most}`;
    const message = `expected ${wanted} argument(s) in call to "${call.name}", got ${call.args.length}`;
    throw new PromqlError('parse', message, call);
  }
  call.args.forEach((arg, i) => {
    const { type, labelsOnly } = args[Math.min(i, args.length - 1)] as FunctionArgument;
    if (labelsOnly === true) return demandLabels(arg);
    demandType(arg, check(arg), type, `expected type of argument ${i + 1} in call to function "${call.name}" to be`);
  });
  return definition.returns;
}

function demandLabels(arg: Expr): void {
  const inner = withoutParens(arg);
  if (inner.kind === 'selector' && inner.named !== true) return;
  throw new PromqlError('parse', 'expected label selectors only, such as {data=~".+"}', arg);
}

function checkAggregate({ operation, param, expr }: Aggregate, check: (expr: Expr) => ValueType): ValueType {
  demandType(expr, check(expr), 'vector', `expected type of aggregation ${operation} to be`);
  if (param !== undefined) {
    const wanted = operation === 'count_values' ? 'string' : 'scalar';
    demandType(param, check(param), wanted, `expected type of the parameter of ${operation} to be`);
  }
  return 'vector';
}

function checkBinary(binary: Binary, check: (expr: Expr) => ValueType): ValueType {
  const { operator, left, right, bool, matching } = binary;
  const types = [left, right].map((side) => {
    const type = check(side);
    if (type === 'scalar' || type === 'vector') return type;
    const message = `binary expression must contain only scalar and instant vector types, got ${typeName(type)}`;
    throw new PromqlError('parse', message, side);
  });
  if (bool && !isComparison(operator)) {
    throw new PromqlError('parse', 'bool modifier can only be used on comparison operators', binary);
  }
  const scalars = types.filter((type) => type === 'scalar').length;
  if (isComparison(operator) && !bool && scalars === 2) {
    throw new PromqlError('parse', 'comparisons between scalars must use BOOL modifier', binary);
  }
  if (isTrimOperator(operator) && scalars === 2) {
    throw new PromqlError('parse', `operator "${operator}" cuts native histograms, got two scalars`, binary);
  }
  if (isSetOperator(operator) && scalars > 0) {
    throw new PromqlError('parse', `set operator "${operator}" not allowed in binary scalar expression`, binary);
  }
  if (scalars > 0 && (matching.on || matching.labels.length > 0)) {
    throw new PromqlError('parse', 'vector matching only allowed between instant vectors', binary);
  }
  return scalars === 2 ? 'scalar' : 'vector';
}
