/** What is told again, what waits, and what the switch silences: rules, dispatcher and cooldown together. */
import { Labels, type Transition } from '@tapewatch/core';
import { Restraint, type Origin } from './restraint.ts';
import { suppressionOptions } from './suppression-options.ts';
import { RecordingLog, VirtualClock } from './testing/virtual-world.ts';

class World {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  readonly counted: string[] = [];
  readonly restraint: Restraint;

  constructor(options: object = {}, enabled = true) {
    this.restraint = new Restraint(
      {
        clock: this.clock,
        log: new RecordingLog(),
        telemetry: { notified: (_receiver, outcome) => void this.counted.push(outcome), level: () => undefined },
        enabled,
        pass: (transitions) =>
          void this.told.push(...transitions.map(({ labels, to }) => `${labels.get('alertname')} ${to}`)),
      },
      suppressionOptions.parse(options),
    );
  }

  change(name: string, severity: string, to: 'firing' | 'inactive', origin: Origin = {}): void {
    const transition: Transition = {
      timeNanos: this.clock.now(),
      labels: Labels.from({ alertname: name, severity }),
      annotations: {},
      from: to === 'firing' ? 'inactive' : 'firing',
      to,
      reason: 'test',
      value: 1,
      activeAtNanos: this.clock.now(),
    };
    this.restraint.take([transition], origin);
  }

  /** Fires, ends, fires again at once; then the seconds after which the second firing is told. */
  async secondsUntilRepeat(severity: string, origin: Origin = {}): Promise<number> {
    this.change('A', severity, 'firing', origin);
    this.change('A', severity, 'inactive', origin);
    this.change('A', severity, 'firing', origin);
    for (let seconds = 0; seconds <= 1_000; seconds += 1) {
      if (this.told.filter((line) => line === 'A firing').length === 2) return seconds;
      await this.clock.advance(1_000);
    }
    return Infinity;
  }
}

it.each([
  ['INFO', {}, 300],
  ['WARNING', {}, 300],
  ['ERROR', {}, 300],
  ['CRITICAL', {}, 60],
  ['EMERGENCY', {}, 0],
  ['WARNING', { cooldown_warning: 20 }, 20],
  ['CRITICAL', { cooldown_critical: 5 }, 5],
  ['INFO', { deduplication_window: 30 }, 30],
])(
  'holds a second %s with %j for %i s, while it still fires (proves: LIF-04, LIF-06)',
  async (severity, options, seconds) => {
    expect(await new World(options).secondsUntilRepeat(severity)).toBe(seconds);
  },
);

it('takes the cooldown of the rule where it has one', async () => {
  expect(await new World().secondsUntilRepeat('WARNING', { cooldownMs: 7_000 })).toBe(7);
});

it('tells neither beginning nor end of what began and ended within the cooldown, and counts it', async () => {
  const world = new World();
  world.change('A', 'WARNING', 'firing');
  world.change('A', 'WARNING', 'inactive');
  world.change('A', 'WARNING', 'firing');
  world.change('A', 'WARNING', 'inactive');
  await world.clock.advance(1_000_000);
  expect(world.told).toEqual(['A firing', 'A inactive']);
  expect(world.counted).toEqual(['held', 'held']);
});

it('never holds back another rule, nor a higher severity of the same', () => {
  const world = new World();
  world.change('A', 'WARNING', 'firing');
  world.change('B', 'WARNING', 'firing');
  world.change('A', 'CRITICAL', 'firing');
  expect(world.told).toEqual(['A firing', 'B firing', 'A firing']);
});

it('passes nothing when notifications are switched off', async () => {
  const world = new World({}, false);
  world.change('A', 'EMERGENCY', 'firing');
  await world.clock.advance(1_000_000);
  expect(world.told).toEqual([]);
  expect(world.counted).toEqual(['held']);
});
