/**
 * What a PromQL function is: a signature, one line of documentation, and how to evaluate it over a grid. The registry
 * of such records drives the parser, the type check, the plan, the evaluation and the editor's completion, so adding a
 * function is adding one record.
 */
import type { Matcher } from '../../model/matcher.ts';
import type { WindowAggregate } from '../../model/series.ts';
import type { Annotations } from '../annotation.ts';
import type { Call, Expr, Extension, ValueType } from '../ast.ts';
import type { EvaluationRange } from '../result.ts';
import type { Column, Grid, Value } from '../vector.ts';
import type { Ranges } from '../window.ts';

export interface FunctionArgument {
  readonly name: string;
  readonly type: ValueType;
  readonly optional?: boolean;
  /** The last argument may be repeated, also zero times when it is optional. */
  readonly variadic?: boolean;
  /** Label matchers in braces, which are read but not evaluated. */
  readonly labelsOnly?: boolean;
}

/**
 * What a function looks at in a range: every sample (`changes`; the default); also the last values of small windows; or only
 * the outermost samples, those around a fall, and how many there are (`rate`).
 */
export type FunctionReads = 'raw' | 'windows' | 'edges';

export interface FunctionDefinition {
  readonly name: string;
  readonly args: readonly FunctionArgument[];
  readonly returns: ValueType;
  /** One line for completion and for the reference page. */
  readonly doc: string;
  readonly reads?: FunctionReads;
  /** Of a function of every sample: what it needs to know of windows that stand for samples, beside their last values. */
  readonly aggregates?: readonly WindowAggregate[];
  /** Selector modifiers (`anchored`, `smoothed`) that the function can deal with. */
  readonly extends?: readonly Extension[];
  /** Not part of Prometheus. */
  readonly ours?: boolean;
  /** Matchers of series that the function reads beside its arguments. */
  companion?(call: Call): readonly Matcher[];
  evaluate(call: CallContext): Value;
}

export type FunctionRegistry = ReadonlyMap<string, FunctionDefinition>;

/** Result of matching a full text: numbered groups (0 is the whole) and named groups. */
export interface RegexMatch {
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string | undefined>>;
}

/** Compiles a pattern into an anchored match; throws on a bad pattern. */
export type CapturingRegexCompiler = (pattern: string) => (text: string) => RegexMatch | undefined;

/** What a function sees of the evaluation. */
export interface CallContext {
  readonly call: Call;
  readonly grid: Grid;
  /** The query as a whole, whatever subquery the call stands in. */
  readonly query: EvaluationRange;
  readonly annotations: Annotations;
  readonly regex: CapturingRegexCompiler;
  evaluate(expr: Expr): Value;
  /** Windows of an argument of type matrix. */
  ranges(expr: Expr): Ranges;
  /** The series of the definition's `companion`: stamps (seconds) of the samples in place of their values. */
  companion(): readonly Column[];
  /** Stamps or start times (seconds) of the samples that a selector picks; undefined for other expressions. */
  sampleTimes(expr: Expr, which: 'stamps' | 'starts'): Value | undefined;
}

/** `name(v instant-vector, to_nearest=… scalar)`, as the reference writes it. */
export function signatureOf({ name, args, returns }: FunctionDefinition): string {
  const parts = args.map((arg) => {
    const type = arg.labelsOnly === true ? 'label matchers' : typeName(arg.type);
    const text = `${arg.name} ${type}${arg.variadic === true ? ', ...' : ''}`;
    return arg.optional === true ? `[${text}]` : text;
  });
  return `${name}(${parts.join(', ')}) ${typeName(returns)}`;
}

export function typeName(type: ValueType): string {
  return type === 'vector' ? 'instant vector' : type === 'matrix' ? 'range vector' : type;
}

export function define(definitions: readonly FunctionDefinition[]): FunctionRegistry {
  const registry = new Map<string, FunctionDefinition>();
  for (const definition of definitions) {
    if (registry.has(definition.name)) throw new Error(`function ${definition.name} is defined twice`);
    registry.set(definition.name, definition);
  }
  return registry;
}
