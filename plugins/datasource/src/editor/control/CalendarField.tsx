/** Where the days of a book end: a time zone, the time of the close, weekends and holidays. */
import React from 'react';
import { AutoSizeInput, InlineField, InlineSwitch } from '@grafana/ui';
import type { TapewatchQuery } from '../../query.ts';
import type { TypedEditorProps } from '../PromqlEditor.tsx';

type Calendar = NonNullable<TapewatchQuery['calendar']>;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const WALL_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

interface CalendarFieldProps extends Pick<TypedEditorProps, 'query' | 'onRun'> {
  readonly label: string;
  readonly tooltip: string | undefined;
}

export function CalendarField({ label, tooltip, query, onRun }: CalendarFieldProps) {
  const calendar = query.calendar ?? {};
  const run = (change: Calendar): void => onRun({ calendar: { ...calendar, ...change } });
  const holidays = calendar.holidays ?? [];
  return (
    <>
      <InlineField label={`${label} closes`} {...(tooltip === undefined ? {} : { tooltip })}>
        <AutoSizeInput
          defaultValue={calendar.close ?? '00:00'}
          minWidth={8}
          aria-label={`${label} closes at`}
          onCommitChange={(event) => {
            const close = event.currentTarget.value.trim();
            if (WALL_TIME.test(close)) run({ close });
          }}
        />
      </InlineField>
      <InlineField label="in" tooltip="A time zone of the IANA list, such as America/New_York.">
        <AutoSizeInput
          defaultValue={calendar.timeZone ?? 'UTC'}
          minWidth={12}
          aria-label={`${label}: time zone`}
          onCommitChange={(event) => run({ timeZone: event.currentTarget.value.trim() || 'UTC' })}
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
        <AutoSizeInput
          defaultValue={holidays.join(', ')}
          placeholder="2026-12-25"
          minWidth={12}
          aria-label={`${label}: holidays`}
          onCommitChange={(event) => {
            const dates = event.currentTarget.value.split(',').map((date) => date.trim());
            const given = dates.filter((date) => date !== '');
            if (given.every((date) => DATE.test(date))) run({ holidays: given });
          }}
        />
      </InlineField>
    </>
  );
}
