/**
 * Schema version 9: transitions that late samples revised are marked. NULL in the rows that were there before: a default would
 * be one more statement of the engine's own, which locks its configuration. Frozen once released.
 */
export const REVISED_TRANSITIONS_SCHEMA: readonly string[] = ['ALTER TABLE transitions ADD COLUMN revised BOOLEAN'];
