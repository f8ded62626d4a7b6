/** Writes the boards to `dashboards/json`: `node tools/run.mjs dashboards/src/main.ts`, from the root of the repository. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOARDS } from './board.ts';
import { canonicalJson } from './canonical-json.ts';

const FOLDER = join('dashboards', 'json');

mkdirSync(FOLDER, { recursive: true });
for (const [name, board] of Object.entries(BOARDS)) {
  const file = join(FOLDER, `${name}.json`);
  writeFileSync(file, canonicalJson(board));
  process.stdout.write(`${file}: ${board.panels.length} panels and rows\n`);
}
