/**
 * The kinds of event that come in great numbers, with their plans; and, of an item that was parsed already, its row when it is good for
 * certain and the reason when it is bad for certain. The schema, which takes many times as long, is asked about the rest.
 */
import type { TradingEvent } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { type EventKind, EVENT_READERS } from './event.ts';
import { type EventField, type EventPlan, planOf } from './event-plan.ts';
import { Fault, type ProblemReason } from './problem.ts';

const PLANNED_KINDS = ['order', 'fill', 'quote', 'trade'] as const satisfies readonly EventKind[];
export type PlannedKind = (typeof PLANNED_KINDS)[number];

export const EVENT_PLANS = Object.fromEntries(
  PLANNED_KINDS.map((kind) => [kind, planOf(EVENT_READERS[kind].schema, EVENT_READERS[kind].labels)]),
) as Readonly<Record<PlannedKind, EventPlan>>;

export function isPlanned(kind: string): kind is PlannedKind {
  return Object.hasOwn(EVENT_PLANS, kind);
}

/** The row that the schema would let through, or undefined: then the schema has to be asked. */
export function certainRow(item: unknown, kind: PlannedKind, context: DecodeContext): TradingEvent | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { fields, filled, template } = EVENT_PLANS[kind];
  const values = item as Readonly<Record<string, unknown>>;
  const message: Record<string, unknown> = { ...template };
  for (let place = 0; place < fields.length; place++) {
    const field = fields[place] as EventField;
    const own = values[field.name];
    const value = own === undefined && filled.includes(place) ? context.labels[field.name] : own;
    if (value === undefined ? field.required : !isGood(value, field)) return undefined;
    if (value !== undefined) message[field.name] = value;
  }
  const { isPlain, rowOf } = EVENT_READERS[kind];
  if (isPlain?.(message) === false) return undefined;
  const row = rowOf(message as never, context);
  return row instanceof Fault ? undefined : row;
}

/**
 * The reason for which the schema refuses the item, where a look at its fields tells: the schema's own account of it takes a
 * hundred times as long. Undefined says nothing.
 */
export function certainFault(
  item: unknown,
  kind: PlannedKind,
  labels: Readonly<Record<string, string>>,
): ProblemReason | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'schema';
  const { fields, filled } = EVENT_PLANS[kind];
  const values = item as Readonly<Record<string, unknown>>;
  for (let place = 0; place < fields.length; place++) {
    const field = fields[place] as EventField;
    const own = values[field.name];
    const value = own === undefined && filled.includes(place) ? labels[field.name] : own;
    if (value === undefined ? !field.required : isGood(value, field)) continue;
    return field.type === 'time' && (typeof value === 'string' || typeof value === 'number') ? 'time' : 'schema';
  }
  return undefined;
}

function isGood(value: unknown, field: EventField): boolean {
  switch (field.type) {
    case 'text':
      return isText(value, field);
    case 'identifier':
      return isText(value, field) || Number.isFinite(value);
    case 'choice':
      return field.choices.includes(value as string);
    case 'number':
      if (value === null) return field.nullable;
      return Number.isFinite(value) && (value as number) >= field.min && (value as number) > field.above;
    case 'time':
      return typeof value === 'string' ? isText(value, TIME_TEXT) : isNumberUpTo(value, LATEST);
    case 'sequence':
      return typeof value === 'string' ? DIGITS.test(value) : Number.isInteger(value) && isNumberUpTo(value, MOST);
  }
}

const TIME_TEXT = { min: 1, max: 64 };
const LATEST = 9.2e18;
const MOST = Number.MAX_SAFE_INTEGER;
const DIGITS = /^\d{1,19}$/;

function isText(value: unknown, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return typeof value === 'string' && value.length >= min && value.length <= max;
}

function isNumberUpTo(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most;
}
