import fc from 'fast-check';
import {
  eventsQuery,
  alertsQuery,
  pnlQuery,
  promqlQuery,
  slippageQuery,
  tapewatchQuery,
  TRADING_DIMENSIONS,
} from '@tapewatch/contract';
import { migrateQuery } from './migrate-query.ts';
import {
  defaultQuery,
  DIMENSIONS,
  displayText,
  FILTER_DIMENSIONS,
  formatsOf,
  isRunnable,
  QUERY_TYPES,
  toDocument,
  withQueryType,
  type TapewatchQuery,
} from './query.ts';

const TYPES = QUERY_TYPES.map(({ value }) => value);

describe('agreement with the contract', () => {
  it('knows every query type, dimension, filter and format, and no other', () => {
    const schemas = [promqlQuery, slippageQuery, pnlQuery, alertsQuery, eventsQuery];
    expect([...TYPES].sort()).toEqual(schemas.map((schema) => schema.shape.queryType.value).sort());
    expect(DIMENSIONS).toEqual(TRADING_DIMENSIONS);
    expect([...FILTER_DIMENSIONS].sort()).toEqual(
      Object.keys(slippageQuery.parse({ queryType: 'slippage' }).filters).sort(),
    );
    for (const type of TYPES) {
      for (const format of formatsOf(type)) {
        if (type === 'alerts' || type === 'events') continue;
        expect(tapewatchQuery.parse(toDocument({ refId: 'A', queryType: type, format }))).toMatchObject({ format });
      }
    }
  });

  it('sends documents that the schemas accept and that carry every field of their type', () => {
    const everything: TapewatchQuery = {
      refId: 'A',
      expr: 'up',
      instant: true,
      format: 'table',
      legendFormat: '{{venue}}',
      minStep: '1s',
      exemplar: true,
      streaming: true,
      by: ['venue'],
      filters: { venue: ['XNAS'] },
      method: 'fifo',
      state: 'history',
      table: 'fills',
      limit: 7,
      orderId: 'o-1',
    };
    for (const type of TYPES) {
      const document = toDocument(withQueryType(everything, type));
      const parsed = tapewatchQuery.parse(document) as Record<string, unknown>;
      const { refId, ...fields } = document as unknown as Record<string, unknown>;
      expect(refId).toBe('A');
      expect(parsed).toMatchObject(fields);
      expect(Object.keys(parsed).sort()).toEqual(Object.keys(fields).sort());
    }
  });

  it('never sends a format that the type does not know', () => {
    const heatmap: TapewatchQuery = { refId: 'A', queryType: 'promql', expr: 'x', format: 'heatmap' };
    expect(toDocument(withQueryType(heatmap, 'pnl')).format).toBeUndefined();
    expect(toDocument(withQueryType(withQueryType(heatmap, 'pnl'), 'promql'))).toEqual(heatmap);
  });
});

describe('defaults', () => {
  it('starts with a query that asks for data', () => {
    expect(isRunnable({ refId: 'A', ...defaultQuery() })).toBe(true);
    expect(tapewatchQuery.parse(defaultQuery())).toMatchObject({ queryType: 'promql' });
    expect(defaultQuery('pnl')).toEqual({ queryType: 'pnl' });
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
