/** Bounds of an Arrow message; docs/wire.md prints them. The message's own size bounds rows and text. */
export const COLUMNS_MAX = 64;
export const DICTIONARY_MAX = 65_536;
/** Rows of a batch, all columns of which may be shorter than a byte a row would suggest. */
export const ROWS_MAX = 131_072;
/** IPC messages (schemas, dictionaries, batches) of one payload. */
export const PARTS_MAX = 1_024;
/** Layouts, and decoded dictionaries with their bytes, that are kept; the oldest goes first. */
export const LAYOUTS_MAX = 64;
export const DICTIONARIES_MAX = 1_024;
export const DICTIONARIES_MAX_BYTES = 33_554_432;
/** Combinations of dictionary entries that get a table of their own; cells of all such tables, and how many stand. */
export const COMBINATIONS_MAX = 262_144;
export const COMBINATION_CELLS_MAX = 4_194_304;
export const COMBINATION_TABLES_MAX = 4_096;
