import { parser } from '@prometheus-io/lezer-promql';
import { DERIVED_METRICS, tapewatchQuery } from '@tapewatch/contract';
import { EXAMPLES } from './examples.ts';

function syntaxErrors(expr: string): string[] {
  // The macros are durations in place of which the sidecar puts real ones.
  const plain = expr.replace(/\$__\w+/g, '1m');
  const errors: string[] = [];
  parser.parse(plain).iterate({
    enter: (node) => {
      if (node.type.isError) errors.push(plain.slice(node.from, node.to + 10));
    },
  });
  return errors;
}

describe('examples of the query help', () => {
  it.each(EXAMPLES.map((example) => [example.title, example] as const))(
    '%s is valid and uses a metric that exists',
    (_, { query }) => {
      expect(tapewatchQuery.parse(query)).toMatchObject({ queryType: query.queryType });
      if (query.expr === undefined) return;
      expect(syntaxErrors(query.expr)).toEqual([]);
      expect(DERIVED_METRICS.some(({ name }) => query.expr?.includes(name))).toBe(true);
    },
  );
});
