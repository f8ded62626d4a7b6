/** The rows of the requirements catalogue, by area. */

/** Contradictions and gaps of the sources: decisions, not things to build. */
const UNCOUNTED_AREAS = new Set(['CON', 'GAP']);

/** Ids of the catalogue's tables that count, in order. */
export function catalogueIds(markdown: string): string[] {
  const ids = [...markdown.matchAll(/^\| ([A-Z]{3}-\d{2,3}) \|/gm)].map((match) => match[1] as string);
  return [...new Set(ids)].filter((id) => !UNCOUNTED_AREAS.has(areaOf(id)));
}

export function areaOf(id: string): string {
  return id.slice(0, 3);
}

/** Areas in the order of the catalogue. */
export function tally(
  ids: readonly string[],
  proven: ReadonlySet<string>,
): Record<string, { proven: number; total: number }> {
  const areas: Record<string, { proven: number; total: number }> = {};
  for (const id of ids) {
    const area = (areas[areaOf(id)] ??= { proven: 0, total: 0 });
    area.total++;
    if (proven.has(id)) area.proven++;
  }
  return areas;
}
