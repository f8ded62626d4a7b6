import fc from 'fast-check';
import { define } from './function/definition.ts';
import { builtinFunctions, functionSignatures } from './function/registry.ts';
import { PromqlError, positionOf } from './error.ts';
import { formatFloat, isValidLabelName, parseNumber, quote, unquote } from './literal.ts';
import { MAX_QUERY_DEPTH, MAX_QUERY_LENGTH, parse } from './parse.ts';

function problemOf(text: string): PromqlError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PromqlError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('parse', () => {
  it('binds postfix modifiers to the nearest operand', () => {
    expect(parse('a + b offset 5m')).toMatchObject({
      kind: 'binary',
      left: { kind: 'selector' },
      right: { kind: 'selector', offset: { kind: 'ms', ms: 300_000 } },
    });
    expect(parse('sum(x) + on(a) group_left(b) y @ end()')).toMatchObject({
      kind: 'binary',
      matching: { cardinality: 'many-to-one', on: true, labels: ['a'], include: ['b'] },
      right: { kind: 'selector', at: { kind: 'end' } },
    });
    expect(parse('-x offset 1m')).toMatchObject({ kind: 'unary', expr: { kind: 'selector' } });
    expect(parse('rate((-x)[5m:] @ 12.5)')).toMatchObject({
      args: [{ kind: 'subquery', at: { kind: 'time', ms: 12_500 } }],
    });
    expect(() => parse('rate(-x[5m:])')).toThrow('got range vector');
  });

  it('reads -2 ^ 2 as -(2 ^ 2), and 2 ^ 3 ^ 2 from the right', () => {
    expect(parse('-2^2')).toMatchObject({ kind: 'unary', operator: '-', expr: { operator: '^', left: { value: 2 } } });
    expect(parse('(-2)^2')).toMatchObject({ kind: 'binary', left: { kind: 'paren' } });
    expect(parse('2^3^2')).toMatchObject({ right: { kind: 'binary', operator: '^' } });
  });

  it('reads matchers, quoted names, durations with arithmetic, and bare points', () => {
    expect(parse('{"odd.name", a!="b", "c d"=~"e|f"}')).toMatchObject({
      matchers: [
        { name: '__name__', operator: '=', value: 'odd.name' },
        { name: 'a', operator: '!=', value: 'b' },
        { name: 'c d', operator: '=~', value: 'e|f' },
      ],
    });
    expect(parse('x[step() * 4] offset (1h - 5m)')).toMatchObject({
      range: { kind: 'operation', operator: '*', left: { kind: 'step' } },
    });
    expect(parse('2. + 3 # comment "5."')).toMatchObject({ left: { value: 2 }, right: { value: 3 } });
    expect(parse('x{a="2. 3."}')).toMatchObject({ matchers: [{}, { value: '2. 3.' }] });
  });

  it.each([
    ['', 'no expression found in input', 0],
    ['sum(x', 'unexpected end of input', 5],
    ['x y', 'unexpected "y"', 2],
    ['nosuch(x)', 'unknown function', 0],
    ['rate(x)', 'range vector', 5],
    ['sum(1)', 'instant vector, got scalar', 4],
    ['x{}[5m] + 1', 'must contain only scalar and instant vector', 0],
    ['{a=""}', 'at least one non-empty matcher', 0],
    ['{a=~".*"}', 'at least one non-empty matcher', 0],
    ['1 and x', 'set operator "and" not allowed', 0],
    ['1 > 2', 'must use BOOL modifier', 0],
    ['x + bool y', 'bool modifier can only be used on comparison', 0],
    ['topk(x)', 'expected 2, got 1', 0],
    ['round(x, 1, 2)', 'at most 2 argument(s)', 0],
    ['x and on(a) group_left() y', 'no grouping allowed for "and"', 6],
    ['x + on(a) group_left(a) y', 'must not occur in ON and GROUP', 4],
    ['x offset 1m offset 2m', 'set once', 0],
    ['rate(x)[5m]', 'ranges only allowed for vector selectors', 0],
    ['x[5m][5m]', 'ranges only allowed', 0],
    ['foo{__name__="bar"}', 'metric name must not be set twice', 4],
    ['"\\q"', 'bad string literal', 0],
    ['x @ Inf', 'out of bounds', 4],
  ])('refuses %j: %s', (text, message, from) => {
    const problem = problemOf(text);
    expect(problem.kind).toBe('parse');
    expect(problem.message).toContain(message);
    expect(problem.from).toBe(from);
  });

  it('bounds length and depth', () => {
    expect(problemOf(`x${' '.repeat(MAX_QUERY_LENGTH)}`).message).toContain('longer than');
    expect(problemOf('('.repeat(MAX_QUERY_DEPTH) + '1' + ')'.repeat(MAX_QUERY_DEPTH)).message).toContain(
      'nested deeper',
    );
    expect(problemOf(Array.from({ length: 2_000 }, () => '1').join('+')).message).toContain('nested deeper');
  });

  it('throws nothing but PromqlError, whatever the text', () => {
    const piece = fc.constantFrom(
      'sum',
      'rate',
      '(',
      ')',
      '[5m]',
      '[1h:]',
      '{a="b"}',
      'x',
      '+',
      '-',
      '@',
      'offset',
      '5m',
      'by',
      ',',
      '"',
      '`',
      '^',
      'bool',
      'on',
      '0x',
      '.',
      '\\',
      '#',
      '\u{1f600}',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((list) => list.join(' ')),
        ),
        (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(PromqlError);
            const { from, to } = error as PromqlError;
            expect(0 <= from && from <= to && to <= text.length).toBe(true);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('lets in functions that only a registry knows, with their types', () => {
    const functions = define([
      ...builtinFunctions.values(),
      {
        name: 'anomaly_score',
        doc: 'An extension.',
        args: [{ name: 'v', type: 'matrix' }],
        returns: 'vector',
        evaluate: () => ({ type: 'vector', columns: [] }),
      },
    ]);
    expect(parse('max(anomaly_score(x[5m])) > 3', { functions })).toMatchObject({ kind: 'binary' });
    expect(() => parse('anomaly_score(x)', { functions })).toThrow('range vector');
    expect(() => parse('anomaly_score(x[5m])')).toThrow(PromqlError);
    // As a metric it stays a metric.
    expect(parse('anomaly_score > 3', { functions })).toMatchObject({ left: { kind: 'selector' } });
    expect(() => define([...functions.values(), ...functions.values()])).toThrow('defined twice');
  });

  it.each([
    [
      'histgram_quantile(0.9, x)',
      'unknown function with name "histgram_quantile"; did you mean "histogram_quantile"?',
      0,
    ],
    ['1 + rat(x[5m])', 'unknown function with name "rat"; did you mean "rate"?', 4],
    ['frobnicate(x)', 'unknown function with name "frobnicate"', 0],
    ['sum(rate(x[5m])', 'unexpected end of input; the bracket ( at 1:4 is not closed', 15],
    ['x{a="("', 'unexpected end of input; the bracket { at 1:2 is not closed', 7],
  ])('says what is wrong with %s, and where', (query, message, from) => {
    expect(() => parse(query)).toThrow(expect.objectContaining({ message, from }) as Error);
  });

  it('takes every function of the registry by its own name', () => {
    const sample = { vector: 'x', matrix: 'x[5m]', scalar: '1', string: '"a"' };
    for (const { name, args } of builtinFunctions.values()) {
      const text = `${name}(${args.map(({ type, labelsOnly }) => (labelsOnly === true ? '{a=~".*"}' : sample[type])).join(', ')})`;
      expect(parse(text)).toMatchObject({ kind: 'call', name });
    }
  });
});

describe('literals', () => {
  it('reads numbers and durations', () => {
    expect(['1e3', '-.5', '0x1F', '+Inf', '-inf', '1_000', '1h30m', '-5m'].map(parseNumber)).toEqual([
      1000,
      -0.5,
      31,
      Infinity,
      -Infinity,
      1000,
      5400,
      -300,
    ]);
    expect(parseNumber('nan')).toBeNaN();
    expect(parseNumber('five')).toBeUndefined();
  });

  it('reads strings as Go does, and keeps a byte that is no UTF-8 recognisable', () => {
    expect(unquote('"a\\tb\\x41\\u00e9\\\\"')).toBe('a\tbA\u00e9\\');
    expect(unquote("'it\\'s'")).toBe("it's");
    expect(unquote('`raw\\n`')).toBe('raw\\n');
    expect(unquote('"\\xc3\\xa9"')).toBe('é');
    expect(['"\\q"', '"open', "x'"].map(unquote)).toEqual([undefined, undefined, undefined]);
    const odd = unquote('"a\\xc5z"') ?? '';
    expect(isValidLabelName(odd)).toBe(false);
    expect(quote(odd)).toBe('"a\\xc5z"');
    expect(isValidLabelName('odd name é😀')).toBe(true);
  });

  it('writes floats without an exponent', () => {
    expect([0.1, 1e21, 1.5e-7, -2.5e22, Infinity, NaN, -0].map(formatFloat)).toEqual([
      '0.1',
      '1000000000000000000000',
      '0.00000015',
      '-25000000000000000000000',
      '+Inf',
      'NaN',
      '-0',
    ]);
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        (value) => Number(formatFloat(value).replace('Inf', 'Infinity')) === value,
      ),
    );
  });

  it('counts lines and columns from one', () => {
    expect([positionOf('ab\ncd', 0), positionOf('ab\ncd', 4)]).toEqual(['1:1', '2:2']);
  });
});

describe('functionSignatures', () => {
  it('tells what is experimental in Prometheus and what is ours', () => {
    const status = new Map(functionSignatures().map((one) => [one.name, one.status]));
    expect(['rate', 'info', 'limitk', 'histogram_error_bound'].map((name) => status.get(name))).toEqual([
      'stable',
      'experimental',
      'experimental',
      'ours',
    ]);
  });

  it('describes every function and aggregation for completion, from the registry', () => {
    const signatures = functionSignatures();
    expect(signatures).toContainEqual({
      name: 'histogram_quantile',
      kind: 'function',
      signature: 'histogram_quantile(q scalar, v instant vector) instant vector',
      doc: expect.stringContaining('q-quantile') as string,
      returns: 'vector',
      status: 'stable',
    });
    expect(signatures.find(({ name }) => name === 'topk')).toMatchObject({ kind: 'aggregation' });
    for (const name of builtinFunctions.keys()) expect(signatures.some((known) => known.name === name)).toBe(true);
    expect(signatures.every(({ doc }) => doc.endsWith('.'))).toBe(true);
    expect(signatures.map(({ name }) => name)).toEqual(signatures.map(({ name }) => name).sort());
  });
});
