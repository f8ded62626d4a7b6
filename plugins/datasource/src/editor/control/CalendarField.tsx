/** Where the days of a book end: a time zone, the session's open and close, weekends and holidays. */
import React from 'react';
import { InlineField, InlineSwitch } from '@grafana/ui';
import type { TapewatchQuery } from '../../query.ts';
import type { TypedEditorProps } from '../PromqlEditor.tsx';
import { CheckedInput } from './CheckedInput.tsx';

type Calendar = NonNullable<TapewatchQuery['calendar']>;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const WALL_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

interface CalendarFieldProps extends Pick<TypedEditorProps, 'query' | 'onRun'> {
  readonly label: string;
  readonly tooltip: string | undefined;
  /** Returns of bars within a day may keep to the session. */
  readonly hasOpen: boolean;
}

export function CalendarField({ label, tooltip, hasOpen, query, onRun }: CalendarFieldProps) {
  const calendar = query.calendar ?? {};
  const keep = (next: Calendar): true => {
    onRun({ calendar: next });
    return true;
  };
  const run = (change: Calendar): true => keep({ ...calendar, ...change });
  return (
    <>
      {hasOpen && (
        <InlineField
          label={`${label} opens`}
          tooltip="Bars within a day count only from this time to the close. Empty: all do. Later than the close means the evening before."
        >
          <CheckedInput
            text={calendar.open ?? ''}
            placeholder="09:30"
            minWidth={8}
            aria-label={`${label} opens at`}
            onCommit={(open) => {
              const { open: _, ...others } = calendar;
              return open === '' ? keep(others) : WALL_TIME.test(open) && run({ open });
            }}
          />
        </InlineField>
      )}
      <InlineField label={hasOpen ? 'closes' : `${label} closes`} {...(tooltip === undefined ? {} : { tooltip })}>
        <CheckedInput
          text={calendar.close ?? '00:00'}
          minWidth={8}
          aria-label={`${label} closes at`}
          onCommit={(close) => WALL_TIME.test(close) && run({ close })}
        />
      </InlineField>
      <InlineField label="in" tooltip="A time zone of the IANA list, such as America/New_York.">
        <CheckedInput
          text={calendar.timeZone ?? 'UTC'}
          minWidth={12}
          aria-label={`${label}: time zone`}
          onCommit={(timeZone) => run({ timeZone: timeZone || 'UTC' })}
        />
      </InlineField>
      <InlineField label="Weekends" tooltip="Off: Saturday and Sunday belong to the next trading day.">
        <InlineSwitch
          value={calendar.weekends ?? true}
          aria-label={`${label}: weekends`}
          onChange={(event) => run({ weekends: event.currentTarget.checked })}
        />
      </InlineField>
      <InlineField label="Holidays" tooltip="Dates without trading, with commas between them.">
        <CheckedInput
          text={(calendar.holidays ?? []).join(', ')}
          placeholder="2026-12-25"
          minWidth={12}
          aria-label={`${label}: holidays`}
          onCommit={(typed) => {
            const holidays = typed
              .split(',')
              .map((date) => date.trim())
              .filter((date) => date !== '');
            return holidays.every((date) => DATE.test(date)) && run({ holidays });
          }}
        />
      </InlineField>
    </>
  );
}
