import { IncidentClock, parseSchedule } from './incident.ts';

describe('parseSchedule', () => {
  it('reads kind, start, duration, period and target', () => {
    expect(parseSchedule('slow-hop@20+15/120:gateway, volatility@1.5+2')).toEqual([
      { kind: 'slow-hop', startSeconds: 20, durationSeconds: 15, everySeconds: 120, target: 'gateway' },
      { kind: 'volatility', startSeconds: 1.5, durationSeconds: 2, everySeconds: 0, target: '' },
    ]);
    expect(parseSchedule('none')).toEqual([]);
    expect(parseSchedule('standard').length).toBeGreaterThan(2);
  });

  it.each(['earthquake@1+2', 'slow-hop', 'slow-hop@a+b', 'slow-hop@1'])('refuses %s and quotes it', (text) => {
    expect(() => parseSchedule(text)).toThrow(`"${text}"`);
  });
});

describe('IncidentClock', () => {
  const clock = new IncidentClock(parseSchedule('slow-hop@20+15/120:risk,venue-outage@5+1'));
  const at = (seconds: number) => ({ nanos: seconds * 1e9, fallback: 'BATS' });

  it('is active from its start, before its end, and again each period', () => {
    const hits = [19.9, 20, 34.9, 35, 139.9, 140, 155].map((seconds) => clock.hits('slow-hop', 'risk', at(seconds)));
    expect(hits).toEqual([false, true, true, false, false, true, false]);
    expect(clock.active('venue-outage', 125e9)).toBeUndefined();
  });

  it('hits its target only, and the fallback where it names none', () => {
    expect(clock.hits('slow-hop', 'gateway', at(21))).toBe(false);
    expect(clock.hits('venue-outage', 'BATS', at(5.5))).toBe(true);
    expect(clock.hits('venue-outage', 'XNAS', at(5.5))).toBe(false);
  });
});
