/**
 * What a query of one type keeps of a field that another type has as well. Every field stays stored when the type changes,
 * so a value may be one that only the other type knows: it is neither sent nor shown. What no type knows is sent, because
 * the answer to it says what is wrong. Pure.
 */
import { fieldsOf, type Field } from './field.ts';
import { FORMS } from './forms.ts';

const FIELDS = Object.values(FORMS).flatMap(fieldsOf);

/** The value as the field's own type may carry it; undefined where nothing of it does. */
export function carried(field: Field, value: unknown): unknown {
  switch (field.control) {
    case 'choice':
      return offers(field, value) ? value : undefined;
    case 'number':
      return isOfAnother(field, value) ? undefined : value;
    case 'pills':
      return Array.isArray(value) ? value.filter((name) => !isOfAnother(field, name)) : value;
    default:
      return value;
  }
}

function isOfAnother(field: Field, value: unknown): boolean {
  return !offers(field, value) && FIELDS.some((other) => other.key === field.key && offers(other, value));
}

function offers(field: Field, value: unknown): boolean {
  switch (field.control) {
    case 'choice':
      return field.options.some((option) => option.value === value);
    case 'number':
      return typeof value === 'number' && value >= field.min && value <= field.max;
    case 'pills':
      return field.offered.some((name) => name === value);
    default:
      return false;
  }
}
