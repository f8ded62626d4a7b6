/**
 * What is told of a window of samples beside its last value. Tables hold the sum and the extremes of its finite samples (an
 * infinity would spoil a sum for good); infinities and NaN show in its first and its last sample, so those have their say
 * here as they would in Prometheus. One in the midst of a window is only counted.
 */
import type { WindowAggregate } from '@tapewatch/core';

/** The first and the last sample of a window. */
export interface WindowEnds {
  readonly first: number;
  readonly last: number;
}

/** `stored`: what the tables hold for it; an extreme is infinite there when no sample was finite. */
export function aggregateOf(name: WindowAggregate, stored: number, { first, last }: WindowEnds): number {
  switch (name) {
    case 'sums':
      return stored + beyond(first) + beyond(last);
    case 'mins':
      return best(stored, [first, last], (value, smallest) => value < smallest);
    case 'maxs':
      return best(stored, [first, last], (value, largest) => value > largest);
    case 'counts':
    case 'firsts':
      return stored;
  }
}

/** What a raw sample among windows has to tell: it is a window of its own. */
export function aggregateOfSample(name: WindowAggregate, value: number): number {
  return name === 'counts' ? 1 : value;
}

function beyond(value: number): number {
  return Number.isFinite(value) ? 0 : value;
}

/** NaN yields to every number, as in Prometheus. */
function best(stored: number, ends: readonly number[], better: (value: number, best: number) => boolean): number {
  return ends.reduce(
    (found, value) => (Number.isNaN(found) || better(value, found) ? value : found),
    Number.isFinite(stored) ? stored : NaN,
  );
}
