/**
 * What a scanner must know of the events that it reads from bytes: the fields of the kind's schema with their bounds and defaults,
 * taken from the schema itself. A schema with a field of another shape than these has no plan, and is a bug at the start.
 */
import { z } from 'zod';

interface Bounds {
  readonly name: string;
  /** The name with its closing quote. */
  readonly key: Uint8Array;
  readonly required: boolean;
  /** Of nearly every event another one: ids. */
  readonly unique: boolean;
}

export type EventField = Bounds &
  (
    | { readonly type: 'text'; readonly min: number; readonly max: number }
    /** A text, or a number instead. */
    | { readonly type: 'identifier'; readonly min: number; readonly max: number }
    | { readonly type: 'choice'; readonly choices: readonly string[]; readonly bytes: readonly Uint8Array[] }
    | { readonly type: 'number'; readonly min: number; readonly above: number; readonly nullable: boolean }
    | { readonly type: 'time' }
    /** A whole number, or its digits as text. */
    | { readonly type: 'sequence' }
  );

export interface EventPlan {
  readonly fields: readonly EventField[];
  /** Fields that a label fills when they are missing, as places of `fields`. */
  readonly filled: readonly number[];
  /** A message without any field: defaults, else undefined. */
  readonly template: Readonly<Record<string, unknown>>;
  /** Bits of the fields that must be there, by their place. */
  readonly required: number;
}

type Property = z.core.JSONSchema.JSONSchema;
/** What is told of a field by the bits of a number. */
const FIELDS_MAX = 31;

export function planOf(schema: z.ZodType, labels: readonly string[]): EventPlan {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  const fields = Object.entries(properties).map(([name, property]): EventField => {
    const bounds = {
      name,
      key: Buffer.from(`${name}"`),
      required: required.includes(name),
      unique: name.endsWith('id'),
    };
    return { ...bounds, ...shapeOf(name, property as Property) };
  });
  if (fields.length > FIELDS_MAX) throw new Error(`bug: ${fields.length} fields are more than a plan can tell apart`);
  return {
    fields,
    filled: fields.flatMap(({ name }, place) => (labels.includes(name) ? [place] : [])),
    template: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, (property as Property).default]),
    ),
    required: fields.reduce((bits, field, place) => (field.required ? bits | (1 << place) : bits), 0),
  };
}

type Shape = EventField extends infer F ? (F extends Bounds ? Omit<F, keyof Bounds> : never) : never;

function shapeOf(name: string, property: Property): Shape {
  const { type, anyOf = [] } = property;
  if (name === 'time' || name.endsWith('_time')) return { type: 'time' };
  const choices = choicesOf(property);
  if (choices !== undefined) return { type: 'choice', choices, bytes: choices.map((text) => Buffer.from(`${text}"`)) };
  if (type === 'string') return { type: 'text', ...lengthOf(property) };
  const nullable = anyOf.length === 2 && (anyOf[1] as Property).type === 'null';
  if (type === 'number' || String(type) === 'number,null')
    return { type: 'number', nullable: type !== 'number', ...rangeOf(property) };
  const [first = {}, second = {}] = anyOf as Property[];
  if (nullable && first.type === 'number') return { type: 'number', nullable, ...rangeOf(first) };
  if (first.type === 'integer' && second.type === 'string') return { type: 'sequence' };
  if (first.type === 'string' && second.type === 'number') return { type: 'identifier', ...lengthOf(first) };
  throw new Error(`bug: no plan for field ${name} of shape ${JSON.stringify(property)}`);
}

function choicesOf({ enum: choices, anyOf, const: only }: Property): string[] | undefined {
  if (only !== undefined) return [String(only)];
  if (choices !== undefined) return choices.map(String);
  const options = (anyOf ?? []).map((option) => choicesOf(option as Property));
  return options.length > 0 && options.every((option) => option !== undefined) ? options.flat() : undefined;
}

function lengthOf({ minLength = 0, maxLength = Infinity }: Property): { min: number; max: number } {
  return { min: minLength, max: maxLength };
}

function rangeOf({ minimum = -Infinity, exclusiveMinimum = -Infinity }: Property): { min: number; above: number } {
  return { min: minimum, above: Number(exclusiveMinimum) };
}
