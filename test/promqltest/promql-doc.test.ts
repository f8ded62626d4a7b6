/** The function tables of docs/promql.md equal the engine's registry. TAPEWATCH_UPDATE=1 rewrites them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinFunctions } from '@tapewatch/core';
import { referenceTables, withTables } from './reference.ts';

const file = join(__dirname, '../../docs/promql.md');
if (process.env['TAPEWATCH_UPDATE'] === '1') writeFileSync(file, withTables(readFileSync(file, 'utf8')));
const page = readFileSync(file, 'utf8');

describe('docs/promql.md', () => {
  it('has every table as the registry has it', () => {
    for (const name of referenceTables().keys()) expect(page).toContain(`<!-- table:${name} -->`);
    expect(withTables(page)).toBe(page);
  });

  it('names every function', () => {
    for (const name of builtinFunctions.keys()) expect(page).toContain(`\`${name}(`);
  });
});
