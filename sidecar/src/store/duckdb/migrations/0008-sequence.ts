/**
 * Schema version 8: the numbers of quotes and books in 64 bits without a sign, which hold all that the wire allows. In 128
 * they took a tenth of every question about gaps to read. Frozen once released.
 */
export const SEQUENCE_SCHEMA: readonly string[] = ['quotes', 'book_levels'].map(
  (table) => `ALTER TABLE ${table} ALTER COLUMN sequence SET DATA TYPE UBIGINT`,
);
