/**
 * Which rows a fold reads at once, from how many each window of the finer level has: rows may crowd together anywhere in the
 * range, so only counting them bounds a read. Pure.
 */
export interface WindowCount {
  /** Start of the finer window, seconds. */
  readonly second: number;
  readonly rows: number;
}

/** Seconds; `to` is not part of it. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/**
 * Groups of slices in order of time, each to be put together and written: one slice of whole windows of `width` seconds, or
 * several of one such window that has more rows than `limit`. A slice has more only where one finer window has. `counts`
 * ascend.
 */
export function foldSlices(counts: readonly WindowCount[], width: number, limit: number): Slice[][] {
  const groups: Slice[][] = [];
  let open: (Slice & { readonly rows: number }) | undefined;
  const close = (): void => {
    if (open !== undefined) groups.push([{ from: open.from, to: open.to }]);
    open = undefined;
  };
  for (const window of windowsOf(counts, width)) {
    const { from, rows } = window;
    if (open !== undefined && open.rows + rows <= limit) {
      open = { from: open.from, to: from + width, rows: open.rows + rows };
      continue;
    }
    close();
    if (rows <= limit) open = { from, to: from + width, rows };
    else groups.push(partsOf(window, width, limit));
  }
  close();
  return groups;
}

interface Window {
  readonly from: number;
  readonly rows: number;
  readonly counts: readonly WindowCount[];
}

function windowsOf(counts: readonly WindowCount[], width: number): Window[] {
  const byStart = new Map<number, WindowCount[]>();
  for (const count of counts) {
    const from = count.second - (count.second % width);
    const known = byStart.get(from);
    if (known === undefined) byStart.set(from, [count]);
    else known.push(count);
  }
  return Array.from(byStart, ([from, parts]) => ({
    from,
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    counts: parts,
  }));
}

function partsOf({ from, counts }: Window, width: number, limit: number): Slice[] {
  const starts = [from];
  let held = 0;
  for (const { second, rows } of counts) {
    if (held > 0 && held + rows > limit) {
      starts.push(second);
      held = 0;
    }
    held += rows;
  }
  return starts.map((start, i) => ({ from: start, to: starts[i + 1] ?? from + width }));
}
