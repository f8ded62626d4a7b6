/**
 * What a part of the oracles gives: a Python script that prints names and numbers of reference libraries, and the same
 * names computed by this repository. A tolerance belongs to the prefix of a name; the longest one wins.
 */

export interface OracleContext {
  /** Recorded data, or where they would be: each side leaves out the names whose files are missing. */
  readonly sharedFolder: string;
  /** The script may leave its input data here for the other side. */
  readonly workFolder: string;
}

/** Null: not defined, or withheld. */
export type OracleFigures = Readonly<Record<string, number | null>>;

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

export interface OraclePart {
  /** Of the script beside it: `<name>.py`. */
  readonly name: string;
  readonly tolerances: Readonly<Record<string, Tolerance>>;
  readonly figures: (context: OracleContext) => OracleFigures | Promise<OracleFigures>;
}

export const DEFAULT_TOLERANCE: Tolerance = { relative: 1e-9, absolute: 1e-12 };

export interface Comparison {
  readonly name: string;
  readonly ours: number | null | undefined;
  readonly reference: number | null | undefined;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

/** A name that only the reference has is skipped; one that only we have, or that differs, has failed. */
export function compareFigures(
  ours: OracleFigures,
  reference: OracleFigures,
  tolerances: Readonly<Record<string, Tolerance>>,
): Comparison[] {
  const names = [...new Set([...Object.keys(reference), ...Object.keys(ours)])];
  return names.map((name) => {
    const [our, other] = [ours[name], reference[name]];
    if (our === undefined) return { name, ours: our, reference: other, outcome: 'skipped' };
    const isEqual = other !== undefined && agree(our, other, toleranceOf(name, tolerances));
    return { name, ours: our, reference: other, outcome: isEqual ? 'passed' : 'failed' };
  });
}

function agree(ours: number | null, reference: number | null, { relative, absolute }: Tolerance): boolean {
  if (ours === null || reference === null) return ours === reference;
  return Math.abs(ours - reference) <= Math.max(absolute, relative * Math.abs(reference));
}

function toleranceOf(name: string, tolerances: Readonly<Record<string, Tolerance>>): Tolerance {
  const [prefix] = Object.keys(tolerances)
    .filter((one) => name.startsWith(one))
    .sort((a, b) => b.length - a.length);
  return (prefix === undefined ? undefined : tolerances[prefix]) ?? DEFAULT_TOLERANCE;
}
