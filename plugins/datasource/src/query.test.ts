import fc from 'fast-check';
import { slippageQuery, tapewatchQuery, TRADING_DIMENSIONS, type QueryType } from '@tapewatch/contract';
import { DIMENSIONS, FIELDS, TEXT_FIELDS, type Values } from './document.ts';
import { fieldsOf, type Field } from './form/field.ts';
import { FORMS, QUERY_TYPE_CHOICES } from './form/forms.ts';
import { migrateQuery } from './migrate-query.ts';
import {
  defaultQuery,
  displayText,
  FILTER_DIMENSIONS,
  formatsOf,
  isRunnable,
  isUntouched,
  QUERY_TYPES,
  toDocument,
  withQueryType,
  type TapewatchQuery,
} from './query.ts';

const TYPES = QUERY_TYPES;

/** What the document module should say of a form's field. */
function valuesOf(field: Field): Values {
  switch (field.control) {
    case 'choice':
      return field.options.map(({ value }) => value);
    case 'pills':
      return { each: field.offered };
    case 'number':
      return [field.min, field.max];
    default:
      return null;
  }
}

/** Values that a hand can choose in a control. */
function offeredBy(field: Field): readonly unknown[] {
  switch (field.control) {
    case 'choice':
      return field.options.map(({ value }) => value);
    case 'pills':
      return [[], field.offered.slice(0, 1), field.offered];
    case 'number':
      return [field.min, field.default, field.max];
    case 'switch':
      return [true, false];
    default:
      return [];
  }
}

describe('agreement with the contract', () => {
  it('knows every query type, dimension, filter and format, and no other', () => {
    const schemas = tapewatchQuery.options;
    expect(QUERY_TYPE_CHOICES.map(({ value }) => value).sort()).toEqual([...TYPES].sort());
    expect([...TYPES].sort()).toEqual(schemas.map((schema) => schema.shape.queryType.value).sort());
    expect(DIMENSIONS).toEqual(TRADING_DIMENSIONS);
    expect([...FILTER_DIMENSIONS].sort()).toEqual(
      Object.keys(slippageQuery.parse({ queryType: 'slippage' }).filters).sort(),
    );
    for (const type of TYPES) {
      for (const format of formatsOf(type)) {
        const query = { refId: 'A', queryType: type, format } as TapewatchQuery;
        expect(tapewatchQuery.parse(toDocument(query))).toMatchObject({ format });
      }
    }
  });

  it.each(Object.entries(FORMS))('%s: the form has every field of the document, with its defaults', (type, form) => {
    const defaults = tapewatchQuery.parse({ queryType: type }) as Record<string, unknown>;
    const fields = fieldsOf(form);
    expect(fields.map(({ key }) => key).sort()).toEqual(
      Object.keys(defaults)
        .filter((key) => key !== 'queryType')
        .sort(),
    );
    const known = FIELDS[type as QueryType] as Record<string, Values>;
    expect(Object.keys(known).sort()).toEqual(fields.map(({ key }) => key).sort());
    for (const field of fields) {
      const values = known[field.key] ?? null;
      // A number has its ends there only where another type's field of that name has others.
      if (field.control !== 'number' || values !== null) expect(values).toEqual(valuesOf(field));
      if (field.control === 'text') expect(TEXT_FIELDS).toContain(field.key);
      if ('default' in field) expect({ [field.key]: field.default }).toEqual({ [field.key]: defaults[field.key] });
    }
  });

  it.each(Object.entries(FORMS))('%s: whatever the form offers is a document that the schema accepts', (type, form) => {
    for (const field of fieldsOf(form)) {
      for (const value of offeredBy(field)) {
        const query = { refId: 'A', queryType: type, [field.key]: value } as unknown as TapewatchQuery;
        const { refId, ...document } = toDocument(query) as unknown as Record<string, unknown>;
        expect(refId).toBe('A');
        expect(tapewatchQuery.parse(document)).toMatchObject(document);
      }
    }
  });

  it('never sends a format that the type does not know', () => {
    const heatmap: TapewatchQuery = { refId: 'A', queryType: 'promql', expr: 'x', format: 'heatmap' };
    expect(toDocument(withQueryType(heatmap, 'pnl')).format).toBeUndefined();
    expect(toDocument(withQueryType(withQueryType(heatmap, 'pnl'), 'promql'))).toEqual(heatmap);
  });
});

describe('what an editor shows', () => {
  const shown = (query: Omit<TapewatchQuery, 'refId'>, isAlert = false): string[] =>
    fieldsOf(FORMS[query.queryType as keyof typeof FORMS])
      .filter(({ when }) => when?.({ refId: 'A', ...query }, isAlert) ?? true)
      .map(({ key }) => key);

  it.each(['pnl', 'performance', 'execution', 'market'] as const)('%s: a figure where there is one', (queryType) => {
    expect(shown({ queryType })).not.toContain('figure');
    expect(shown({ queryType, format: 'time_series' })).toContain('figure');
    expect(shown({ queryType }, true)).toContain('figure');
  });

  it('impact: only what the format depends on', () => {
    expect(shown({ queryType: 'impact' })).toEqual(expect.arrayContaining(['bins']));
    expect(shown({ queryType: 'impact' })).not.toContain('intervalMs');
    expect(shown({ queryType: 'impact', format: 'fits' })).toContain('intervalMs');
    expect(shown({ queryType: 'impact', format: 'fits' })).not.toContain('bins');
  });

  it.each(['market', 'market_or_us'] as const)('%s: no filter that quotes cannot answer', (type) => {
    const filters = fieldsOf(FORMS[type]).find(({ control }) => control === 'filters');
    expect(filters).toMatchObject({ dimensions: ['venue', 'symbol'] });
  });
});

describe('fields that two types share', () => {
  it.each([
    ['execution', { by: ['venue', 'hour'] }, 'pnl', { by: ['venue'] }],
    ['slippage', { by: ['side'] }, 'pnl', { by: [] }],
    ['slippage', { by: ['$dimension', 'typo'] }, 'pnl', { by: ['$dimension', 'typo'] }],
    ['latency_attribution', { quantile: 0.999 }, 'market_or_us', {}],
    ['market_or_us', { quantile: 0.9 }, 'latency_attribution', { quantile: 0.9 }],
  ] as const)('%s %j as %s is %j', (from, chosen, to, sent) => {
    const query = { refId: 'A', queryType: from, ...chosen } as unknown as TapewatchQuery;
    expect(toDocument(withQueryType(query, to))).toEqual({ refId: 'A', queryType: to, ...sent });
    expect(toDocument(withQueryType(withQueryType(query, to), from))).toEqual(query);
  });
});

describe('defaults', () => {
  it('starts with a query that asks for data', () => {
    expect(isRunnable({ refId: 'A', ...defaultQuery() })).toBe(true);
    expect(isUntouched({ refId: 'A', ...defaultQuery() })).toBe(true);
    for (const touched of [{ expr: 'up' }, { instant: false }, { queryType: 'sql' as const }]) {
      expect(isUntouched({ refId: 'A', ...defaultQuery(), ...touched })).toBe(false);
    }
    expect(tapewatchQuery.parse(defaultQuery())).toMatchObject({ queryType: 'promql' });
    expect(defaultQuery('pnl')).toEqual({ queryType: 'pnl' });
  });

  it('starts an empty text with its example when its type is chosen', () => {
    const empty: TapewatchQuery = { refId: 'A', queryType: 'slippage' };
    expect(withQueryType(empty, 'promql')).toEqual({ refId: 'A', ...defaultQuery('promql') });
    expect(withQueryType(empty, 'sql')).toEqual({ refId: 'A', ...defaultQuery('sql') });
    const typed: TapewatchQuery = { ...empty, expr: '', legendFormat: 'x', rawSql: '' };
    expect(withQueryType(withQueryType(typed, 'sql'), 'promql')).toEqual({ ...typed, queryType: 'promql' });
  });

  it.each([
    [{ refId: 'A' }, false],
    [{ refId: 'A', expr: '  # only a comment\n ' }, false],
    [{ refId: 'A', expr: 'up' }, true],
    [{ refId: 'A', expr: 'up', hide: true }, false],
    [{ refId: 'A', queryType: 'alerts' as const }, true],
  ])('runs %j: %s', (query, runs) => expect(isRunnable(query)).toBe(runs));
});

describe('displayText', () => {
  it.each([
    [{ refId: 'A', expr: 'up' }, 'up'],
    [{ refId: 'A', queryType: 'slippage' as const }, 'Slippage by strategy, venue'],
    [
      { refId: 'A', queryType: 'pnl' as const, by: ['symbol' as const], filters: { venue: ['X', 'Y'] } },
      'P&L by symbol for venue X or Y',
    ],
    [{ refId: 'A', queryType: 'events' as const, table: 'fills' as const }, 'Events: fills'],
  ])('%j reads %j', (query, text) => expect(displayText(query)).toBe(text));
});

describe('migrateQuery', () => {
  it.each([
    ['rate(x[5m])', { refId: 'A', queryType: 'promql', expr: 'rate(x[5m])' }],
    [null, { refId: 'A', queryType: 'promql' }],
    [
      { refId: 'B', expr: 'up', range: true, interval: '30s', editorMode: 'code' },
      { refId: 'B', queryType: 'promql', expr: 'up', minStep: '30s' },
    ],
    [
      { refId: 'B', expr: 'up', queryType: 'timeSeriesQuery', format: 'logs' },
      { refId: 'B', queryType: 'promql', expr: 'up' },
    ],
    [
      { refId: 'C', queryType: 'pnl', method: 'fifo' },
      { refId: 'C', queryType: 'pnl', method: 'fifo' },
    ],
  ])('reads %j', (stored, expected) => expect(migrateQuery(stored)).toEqual(expected));

  it('never throws, and changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        const once = migrateQuery(stored);
        expect(migrateQuery(once)).toEqual(once);
      }),
    );
  });
});
