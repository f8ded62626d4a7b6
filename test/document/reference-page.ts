/** Tables that a page of the documentation holds between `<!-- table:NAME -->` markers, built from the code. */

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * The page with every table between its markers replaced by `render(table)`; throws with `complaint(name)` on a marker
 * without a table.
 */
export function replaceTables(
  page: string,
  tables: ReadonlyMap<string, string>,
  { render, complaint }: { render: (table: string) => string; complaint: (name: string) => string },
): string {
  return page.replace(
    /(<!-- table:(\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, close: string) => {
      const table = tables.get(name);
      if (table === undefined) throw new Error(complaint(name));
      return `${open}${render(table)}${close}`;
    },
  );
}
