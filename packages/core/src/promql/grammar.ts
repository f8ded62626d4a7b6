/**
 * Prometheus's Lezer parser, extended by the function names of a registry. The generated parser exposes its external
 * specializers only at run time, so their shape is checked once, when the module loads.
 */
import type { LRParser, Stack } from '@lezer/lr';
import { parser } from '@prometheus-io/lezer-promql';
import type { FunctionRegistry } from './function/definition.ts';

type Specializer = (value: string, stack: Stack) => number;

const identifierExtender = findExtender(parser);
/** Stands for every function name that the grammar does not have. */
const functionTerm = nameToken(parser, 'abs');
/** Prometheus takes these in any case inside durations; the grammar's table only knows them in lower case. */
const durationTerms = new Map(['step', 'range', 'min_of', 'max_of'].map((name) => [name, nameToken(parser, name)]));
const parsers = new WeakMap<FunctionRegistry, LRParser>();

export function parserFor(functions: FunctionRegistry): LRParser {
  const known = parsers.get(functions);
  if (known !== undefined) return known;
  const extra = new Set([...functions.keys()].filter((name) => !isKnownToGrammar(name)));
  const extend: Specializer = (value, stack) => {
    if (extra.has(value) && stack.canShift(functionTerm)) return functionTerm;
    const keyword = durationTerms.get(value.toLowerCase());
    if (keyword !== undefined && stack.canShift(keyword)) return keyword;
    return identifierExtender(value, stack);
  };
  const configured = parser.configure({ specializers: [{ from: identifierExtender, to: extend }] });
  parsers.set(functions, configured);
  return configured;
}

function findExtender(from: LRParser): Specializer {
  const { specializerSpecs } = from as unknown as {
    specializerSpecs?: readonly { external?: Specializer; extend?: boolean }[];
  };
  const found = specializerSpecs?.find((spec) => spec.extend === true)?.external;
  if (found === undefined) throw new Error('@lezer/lr: the PromQL parser has no extending identifier specializer');
  return found;
}

/** Token of a conditional name: the grammar's inline table gives it, with the "extend" bit below it. */
function nameToken(from: LRParser, name: string): number {
  const { specializers } = from as unknown as { specializers?: readonly Specializer[] };
  const found = specializers?.at(-1)?.(name, undefined as never) ?? -1;
  if (found < 0) throw new Error(`@prometheus-io/lezer-promql: no token for the name ${name}`);
  return found >> 1;
}

/** Whether the grammar as it stands takes `name` for a function. */
function isKnownToGrammar(name: string): boolean {
  return parser.parse(`${name}()`).topNode.firstChild?.name === 'FunctionCall';
}
