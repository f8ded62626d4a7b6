/**
 * docs/wire.md is the contract, so it may not drift: its tables equal the schemas, its snippets equal the files that are
 * run, its examples decode with the codecs of the sidecar. TAPEWATCH_UPDATE=1 rewrites tables and snippets.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceTables, withSnippets, withTables } from './reference.ts';

const root = join(__dirname, '..', '..');
const file = join(root, 'docs', 'wire.md');

if (process.env['TAPEWATCH_UPDATE'] === '1') {
  const readSnippet = (path: string): string =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
  writeFileSync(file, withSnippets(withTables(readFileSync(file, 'utf8')), readSnippet));
}
const page = readFileSync(file, 'utf8');

describe('docs/wire.md', () => {
  it('prints every schema and the derived metrics as the code has them', () => {
    for (const name of referenceTables().keys()) expect(page).toContain(`<!-- table:${name} -->`);
    expect(withTables(page)).toBe(page);
  });

  it('shows the snippets as they stand in docs/snippets', () => {
    expect(page.match(/<!-- file:\S+ -->/g)).toHaveLength(5);
    expect(withSnippets(page, (path) => readFileSync(join(root, path), 'utf8'))).toBe(page);
  });
});
