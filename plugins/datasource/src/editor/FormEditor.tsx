/** The editor of every query type but PromQL, drawn from the type's form. */
import React from 'react';
import { CoreApp } from '@grafana/data';
import { Combobox, InlineField, InlineSwitch, RadioButtonGroup, Stack } from '@grafana/ui';
import { carried } from '../document.ts';
import type { Field, QueryForm } from '../form/field.ts';
import type { TapewatchQuery } from '../query.ts';
import { AmountFields } from './control/AmountFields.tsx';
import { CalendarField } from './control/CalendarField.tsx';
import { CheckedInput } from './control/CheckedInput.tsx';
import { FilterFields } from './control/FilterFields.tsx';
import { Pills } from './control/Pills.tsx';
import { SqlField } from './control/SqlField.tsx';
import type { TypedEditorProps } from './PromqlEditor.tsx';

/** More choices than these are a list that opens. */
const CHOICES_IN_SIGHT = 4;

export function FormEditor({ form, ...props }: TypedEditorProps & { readonly form: QueryForm }) {
  const { query, app } = props;
  const isAlert = app === CoreApp.UnifiedAlerting;
  const isShown = (field: Field): boolean =>
    (field.when?.(query, isAlert) ?? true) && (!isAlert || field.inAlerts === undefined);
  return (
    <Stack direction="column" gap={1}>
      {form.rows.map((row) => {
        const fields = row.filter(isShown);
        return (
          fields.length > 0 && (
            <Stack key={row[0]?.key} direction="row" gap={1} wrap="wrap">
              {fields.map((field) => (
                // Inputs keep what was typed until they are left; another type must not inherit it.
                <FieldControl key={`${query.queryType}-${field.key}`} field={field} {...props} />
              ))}
            </Stack>
          )
        );
      })}
    </Stack>
  );
}

type FieldProps<C extends Field['control'] = Field['control']> = TypedEditorProps & {
  readonly field: Extract<Field, { control: C }>;
};

function FieldControl({ field, ...props }: FieldProps) {
  const { query, metadata, onRun } = props;
  switch (field.control) {
    // These have labels, or none, of their own.
    case 'filters':
      return <FilterFields dimensions={field.dimensions} query={query} metadata={metadata} onRun={onRun} />;
    case 'calendar':
      return (
        <CalendarField
          label={field.label}
          tooltip={field.tooltip}
          hasOpen={field.hasOpen === true}
          query={query}
          onRun={onRun}
        />
      );
    case 'sql':
      return <SqlField {...props} />;
    case 'amounts':
      return <AmountFields names={field.names} query={query} onRun={onRun} />;
    default:
      return (
        <InlineField
          label={field.label}
          htmlFor={idOf(field, query)}
          {...(field.tooltip === undefined ? {} : { tooltip: field.tooltip })}
        >
          <PlainControl field={field} {...props} />
        </InlineField>
      );
  }
}

function PlainControl({ field, ...props }: FieldProps) {
  const { query, onRun } = props;
  const value = carried(query.queryType ?? 'promql', field.key, query[field.key]);
  const run = (next: unknown): void => onRun({ [field.key]: next } as Partial<TapewatchQuery>);
  switch (field.control) {
    case 'pills':
      return (
        <Pills
          offered={field.offered}
          chosen={(value as readonly string[] | undefined) ?? field.default}
          onChange={run}
        />
      );
    case 'choice':
      return <ChoiceControl field={field} {...props} />;
    case 'switch':
      return (
        <InlineSwitch
          value={(value as boolean | undefined) ?? field.default}
          id={idOf(field, query)}
          onChange={(event) => run(event.currentTarget.checked)}
        />
      );
    case 'number':
    case 'numbers':
    case 'words':
    case 'text':
      return <TypedControl field={field} {...props} />;
    default:
      return <></>;
  }
}

/** Ties the label to its control; several editors stand on one page. */
function idOf(field: Field, query: TapewatchQuery): string {
  return `tapewatch-${query.refId}-${field.key}`;
}

function ChoiceControl({ field, query, onRun }: FieldProps<'choice'>) {
  const stored = query[field.key] as string | undefined;
  // One that was chosen for another type is not sent, so it must not be shown.
  const value = field.options.some((option) => option.value === stored) ? (stored as string) : field.default;
  const run = (next: string): void => onRun({ [field.key]: next } as Partial<TapewatchQuery>);
  const options = field.options.map((option) => ({ ...option }));
  if (options.length <= CHOICES_IN_SIGHT) {
    return <RadioButtonGroup options={options} value={value} onChange={run} aria-label={field.label} />;
  }
  return (
    <Combobox
      options={options}
      value={value}
      onChange={(chosen) => run(chosen.value)}
      width={24}
      id={idOf(field, query)}
    />
  );
}

/** What is typed counts when the field is left or Enter is pressed; what cannot be read changes nothing. */
function TypedControl({ field, query, onRun }: FieldProps<'number' | 'numbers' | 'words' | 'text'>) {
  const stored = carried(query.queryType ?? 'promql', field.key, query[field.key]);
  const isConfigured = field.control === 'number' && field.isConfigured === true;
  const shown = stored ?? ('default' in field && !isConfigured ? field.default : '');
  const text = Array.isArray(shown) ? shown.join(', ') : String(shown);
  return (
    <CheckedInput
      {...(field.control === 'number' ? { type: 'number', min: field.min, max: field.max } : {})}
      text={text}
      minWidth={field.control === 'number' ? 10 : 16}
      {...('placeholder' in field ? { placeholder: field.placeholder } : {})}
      {...(isConfigured ? { placeholder: 'as configured' } : {})}
      id={idOf(field, query)}
      onCommit={(typed) => {
        if (isConfigured && typed === '') {
          onRun({ [field.key]: undefined } as Partial<TapewatchQuery>);
          return true;
        }
        const value = readTyped(field, typed);
        if (value !== undefined) onRun({ [field.key]: value } as Partial<TapewatchQuery>);
        return value !== undefined;
      }}
    />
  );
}

/** Undefined for what is no number, or none of the field's. */
function readTyped(field: FieldProps<'number' | 'numbers' | 'words' | 'text'>['field'], typed: string): unknown {
  const words = typed
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  switch (field.control) {
    case 'text':
      return typed.trim();
    case 'words':
      return words;
    case 'numbers': {
      const numbers = words.map(Number);
      return numbers.length <= field.max && numbers.every(Number.isFinite) ? numbers : undefined;
    }
    case 'number': {
      const number = field.isWhole === true ? Math.round(Number(typed)) : Number(typed);
      return typed.trim() !== '' && number >= field.min && number <= field.max ? number : undefined;
    }
  }
}
