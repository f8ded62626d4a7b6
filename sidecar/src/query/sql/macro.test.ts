import { expandMacros, type MacroRange } from './macro.ts';

const RANGE: MacroRange = { startMs: 1_753_612_200_000, endMs: 1_753_615_800_000, intervalMs: 15_000 };
const FROM = 'make_timestamp_ns(1753612200000000000)';
const TO = 'make_timestamp_ns(1753615800000000000)';

describe('macros of SQL', () => {
  it.each([
    ['$__timeFilter("time")', `("time" >= ${FROM} AND "time" <= ${TO})`],
    ['$__timeFilter(f.time)', `(f.time >= ${FROM} AND f.time <= ${TO})`],
    ['$__timeFrom() AND $__timeTo()', `${FROM} AND ${TO}`],
    ['$__time(sent_time)', 'sent_time AS "time"'],
    ['$__timeEpoch(time)', 'epoch_ns(time) AS "time"'],
    ["$__timeGroup(time, '5m')", "time_bucket(INTERVAL '300000 milliseconds', (time)::TIMESTAMP)"],
    ['$__timeGroup(time, 5m)', "time_bucket(INTERVAL '300000 milliseconds', (time)::TIMESTAMP)"],
    ['$__timeGroup(time, $__interval)', "time_bucket(INTERVAL '15000 milliseconds', (time)::TIMESTAMP)"],
    [
      "$__timeGroupAlias(coalesce(sent_time, time), '1h')",
      `time_bucket(INTERVAL '3600000 milliseconds', (coalesce(sent_time, time))::TIMESTAMP) AS "time"`,
    ],
    ['$__unixEpochFilter(s)', '(s >= 1753612200 AND s <= 1753615800)'],
    ['$__unixEpochNanoFilter(time_nanos)', '(time_nanos >= 1753612200000000000 AND time_nanos <= 1753615800000000000)'],
    ['$__unixEpochFrom() - $__unixEpochTo()', '1753612200 - 1753615800'],
    ['$__unixEpochNanoFrom() - $__unixEpochNanoTo()', '1753612200000000000 - 1753615800000000000'],
    ['time + $__interval', "time + INTERVAL '15000 milliseconds'"],
    ['$__interval_ms / 1000', '15000 / 1000'],
  ])('writes %s', (text, expected) => {
    expect(expandMacros(`SELECT ${text}`, RANGE)).toBe(`SELECT ${expected}`);
  });

  it.each([
    "'$__timeFrom()'",
    '"$__timeFrom()"',
    '-- $__timeFrom()',
    '/* $__timeFrom()\n*/',
    '/* /* $__nothing',
    "'it''s $__nothing'",
  ])('leaves %s as it is', (text) => expect(expandMacros(text, RANGE)).toBe(text));

  it.each([
    ['$__nothing(time)', /\$__nothing is not a macro; known: \$__time,/],
    ['$__timeFilter()', /\$__timeFilter needs 1 arguments, got 0/],
    ["$__timeGroup(time, 'soon')", /'soon' is not a duration/],
  ])('refuses %s', (text, message) => {
    expect(() => expandMacros(text, RANGE)).toThrow(
      expect.objectContaining({ code: 'query.invalid', message: expect.stringMatching(message) }),
    );
  });
});
