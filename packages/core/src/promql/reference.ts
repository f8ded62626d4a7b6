/**
 * The time that an expression speaks of: `offset` and `@` of its selectors, when all of them agree. `info` reads its
 * info series at that time. Source: Prometheus, promql/info.go, infoSelectTimestampAndOffset.
 */
import type { Expr, Subquery } from './ast.ts';
import { typeOf } from './check.ts';
import type { FunctionRegistry } from './function/definition.ts';
import { offsetMs, pinnedMs } from './grid.ts';
import type { EvaluationRange } from './result.ts';

export interface Reference {
  /** The stamp that `@` pins; undefined follows the evaluation time. */
  readonly pinnedMs: number | undefined;
  readonly offsetMs: number;
}

const NOW: Reference = { pinnedMs: undefined, offsetMs: 0 };

/** The evaluation time itself where selectors differ, or where a part has none. */
export function referenceOf(expr: Expr, functions: FunctionRegistry, range: EvaluationRange): Reference {
  const found: Reference[] = [];
  const uniform = collect(expr, { functions, range, found }, []);
  const [first] = found;
  if (!uniform || first === undefined) return NOW;
  return found.every((other) => effective(other) === effective(first)) ? first : NOW;
}

function effective({ pinnedMs: pinned, offsetMs: offset }: Reference): string {
  return pinned === undefined ? `-${offset}` : String(pinned - offset);
}

interface Walk {
  readonly functions: FunctionRegistry;
  readonly range: EvaluationRange;
  readonly found: Reference[];
}

/** Gathers the references below; false when a vector comes from no selector at all. */
function collect(expr: Expr, walk: Walk, subqueries: readonly Subquery[]): boolean {
  const type = typeOf(expr, walk.functions);
  if (type !== 'vector' && type !== 'matrix') return true;
  if (expr.kind === 'selector') {
    let pinned = pinnedMs(expr.at, walk.range);
    let offset = offsetMs(expr.offset, walk.range);
    for (const subquery of subqueries.toReversed()) {
      if (pinned !== undefined) break;
      offset += offsetMs(subquery.offset, walk.range);
      pinned = pinnedMs(subquery.at, walk.range);
    }
    walk.found.push({ pinnedMs: pinned, offsetMs: offset });
    return true;
  }
  const inside = expr.kind === 'subquery' ? [...subqueries, expr] : subqueries;
  const before = walk.found.length;
  const uniform = childrenOf(expr).map((child) => collect(child, walk, inside));
  return walk.found.length > before && uniform.every(Boolean);
}

/** The parts of an expression that give it its series; the label selector of `info` is none. */
function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'matrix':
      return [expr.selector];
    case 'call':
      return expr.name === 'info' ? expr.args.slice(0, 1) : expr.args;
    case 'binary':
      return [expr.left, expr.right];
    case 'subquery':
    case 'aggregate':
    case 'unary':
    case 'paren':
      return [expr.expr];
    default:
      return [];
  }
}
