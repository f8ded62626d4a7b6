/** The walk over parsers' trees: whatever the document is, it says something and never throws; what it allows is listed. */
import { EVENT_TABLES } from '@tapewatch/contract';
import fc from 'fast-check';
import { checkTree } from './tree.ts';

const select = (from: object, rest: object = {}): object => ({
  error: false,
  statements: [{ node: { type: 'SELECT_NODE', cte_map: { map: [] }, from_table: from, ...rest } }],
});
const table = (name: string, schema = '', catalog = ''): object => ({
  ...{ type: 'BASE_TABLE', alias: '', table_name: name, schema_name: schema, catalog_name: catalog, at_clause: null },
});
const call = (name: string, schema = ''): object => ({
  class: 'FUNCTION',
  type: 'FUNCTION',
  function_name: name,
  schema,
});
const column = (...names: string[]): object => ({ class: 'COLUMN_REF', type: 'COLUMN_REF', column_names: names });

describe('checkTree', () => {
  it('never throws, and allows no document that names another table', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (document, name) => {
        expect(() => checkTree(document)).not.toThrow();
        const verdict = checkTree(
          select({ type: 'JOIN', left: table('fills'), right: { any: [document, table(name)] } }),
        );
        if (!(EVENT_TABLES as readonly string[]).includes(name.toLowerCase()))
          expect(verdict).toHaveProperty('refused');
      }),
    );
  });

  it('tells the tables and the columns that may be meant', () => {
    const list = [column('Price'), column('f', 'sent_time'), column('attributes', 'key')];
    const from = { ...table('FILLS'), alias: 'f' };
    const [read] = (checkTree(select(from, { select_list: list })) as { reads: { table: string; columns: string[] }[] })
      .reads;
    expect(read?.table).toBe('fills');
    expect(new Set(read?.columns)).toEqual(new Set(['price', 'sent_time', 'sent_nanos', 'key', 'attributes']));
    for (const whole of [{ class: 'STAR', type: 'STAR' }, column('f'), column('fills')]) {
      expect(checkTree(select(from, { select_list: [whole] }))).toEqual({
        reads: [{ table: 'fills', columns: undefined }],
      });
    }
  });

  it.each([
    ['a schema', select(table('fills', 'main'))],
    ['a catalogue', select(table('fills', '', 'memory'))],
    ['a table function', select({ type: 'TABLE_FUNCTION', function: call('read_csv') })],
    ['a function', select(table('fills'), { where_clause: call('GetEnv') })],
    ['a function of another schema', select(table('fills'), { where_clause: call('lower', 'pg_catalog') })],
    ['a list of tables', select({ type: 'SHOW_REF', query: null })],
    ['two statements', { error: false, statements: [{}, {}] }],
    ['none', { error: false, statements: [] }],
    ['another statement', { error: true, error_type: 'not implemented', error_message: 'Only SELECT' }],
  ])('refuses %s', (_, document) => expect(checkTree(document)).toHaveProperty('refused'));

  it('refuses what is nested without end', () => {
    let node: object = {};
    for (let i = 0; i < 600; i++) node = { child: node };
    expect(checkTree(select(node))).toEqual({ refused: 'it is too long or too deeply nested' });
  });
});
