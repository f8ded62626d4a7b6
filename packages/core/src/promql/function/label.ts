/** Functions that write labels: `label_replace` and `label_join`. Two series may not end up with the same labels. */
import { METRIC_NAME } from '../../model/labels.ts';
import { PromqlError } from '../error.ts';
import { isValidLabelName, quote } from '../literal.ts';
import { joinEqual, relabel, type Value } from '../vector.ts';
import { argumentAt, stringArgument, vectorArgument } from './arguments.ts';
import type { CallContext, FunctionDefinition, RegexMatch } from './definition.ts';

export const labelFunctions: readonly FunctionDefinition[] = [
  {
    name: 'label_replace',
    doc: 'Sets label dst to the replacement ($1, ${name}) where the regex matches the whole value of label src.',
    args: [
      { name: 'v', type: 'vector' },
      { name: 'dst', type: 'string' },
      { name: 'replacement', type: 'string' },
      { name: 'src', type: 'string' },
      { name: 'regex', type: 'string' },
    ],
    returns: 'vector',
    evaluate: labelReplace,
  },
  {
    name: 'label_join',
    doc: 'Sets label dst to the values of the source labels joined by the separator.',
    args: [
      { name: 'v', type: 'vector' },
      { name: 'dst', type: 'string' },
      { name: 'separator', type: 'string' },
      { name: 'src', type: 'string', optional: true, variadic: true },
    ],
    returns: 'vector',
    evaluate: labelJoin,
  },
];

function labelReplace(context: CallContext): Value {
  const [target, template, source, pattern] = [1, 2, 3, 4].map((i) => stringArgument(context, i)) as [
    string,
    string,
    string,
    string,
  ];
  requireLabelName(context, target);
  const match = compile(context, pattern);
  const columns = vectorArgument(context, 0).map((column) => {
    const found = match(column.labels.get(source));
    return found === undefined ? column : relabel(column, column.labels.with(target, expand(template, found)));
  });
  return { type: 'vector', columns: joinEqual(columns, context.call) };
}

function compile(context: CallContext, pattern: string): (text: string) => RegexMatch | undefined {
  try {
    return context.regex(pattern);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `invalid regular expression in label_replace(): ${pattern}: ${reason}`;
    throw new PromqlError('execution', message, argumentAt(context, 4));
  }
}

function labelJoin(context: CallContext): Value {
  const [target, separator] = [stringArgument(context, 1), stringArgument(context, 2)];
  const sources = context.call.args.slice(3).map((_, i) => stringArgument(context, i + 3));
  requireLabelName(context, target);
  const columns = vectorArgument(context, 0).map((column) => {
    const joined = sources.map((source) => column.labels.get(source)).join(separator);
    return relabel(column, column.labels.with(target, joined));
  });
  return { type: 'vector', columns: joinEqual(columns, context.call) };
}

function requireLabelName(context: CallContext, name: string): void {
  if (isValidLabelName(name) || name === METRIC_NAME) return;
  const message = `invalid destination label name in ${context.call.name}(): ${quote(name)}`;
  throw new PromqlError('execution', message, argumentAt(context, 1));
}

/** Go's Regexp.Expand: $name and ${name}; digits are group numbers, $$ is a dollar, an unknown group is empty. */
function expand(template: string, match: RegexMatch): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return whole === '$$' ? '$' : whole;
    return (/^\d+$/.test(name) ? match.groups[Number(name)] : match.named[name]) ?? '';
  });
}
