/** Types of tools/bundle.mjs. */
export const root: string;
export const version: string;
export function bundle(entries: Readonly<Record<string, string>>, outdir: string): Promise<void>;
