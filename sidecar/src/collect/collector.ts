/**
 * What the loop of metrics asks: each collector yields gauges and counters of one group, which are stored like any other
 * series. One that fails is told and the others go on; one that finds nothing to look at says so, and is not a fault.
 */
import { Labels, METRIC_NAME, nanos, type NumberSample } from '@tapewatch/core';
import type { Clock, Logger } from '../ports.ts';

export type Group = 'system' | 'trading' | 'exchange' | 'agent' | 'alert' | 'api' | 'backup';

export interface Figure {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly unit: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Collector {
  readonly group: Group;
  /** Empty: there is nothing to look at yet. */
  collect(nowNanos: bigint): Promise<readonly Figure[]>;
}

export interface CollectDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly record: (samples: readonly NumberSample[]) => void;
  /** Called with what a run yielded. */
  readonly onFigures?: (group: Group, figures: readonly Figure[]) => void;
}

/** One run over all collectors, side by side. */
export function createCollection(deps: CollectDeps, collectors: readonly Collector[]): () => Promise<void> {
  const silent = new Map<Group, boolean>();
  const runOne = async (collector: Collector): Promise<void> => {
    const { group } = collector;
    const now = deps.clock.now();
    try {
      const figures = (await collector.collect(now)).filter(({ value }) => !Number.isNaN(value));
      if (figures.length > 0) deps.record(figures.map((figure) => sampleOf(figure, now)));
      deps.onFigures?.(group, figures);
      if ((figures.length === 0) !== silent.get(group)) {
        silent.set(group, figures.length === 0);
        const text =
          figures.length === 0 ? 'A group of figures has no source yet.' : 'A group of figures is collected.';
        deps.log.info({ group, figures: figures.length }, text);
      }
    } catch (error) {
      deps.log.warn({ group, err: error }, 'A group of figures could not be collected; it is tried again.');
    }
  };
  return async () => {
    await Promise.all(collectors.map(runOne));
  };
}

function sampleOf({ name, kind, unit, help, labels, value }: Figure, now: bigint): NumberSample {
  return { kind, labels: Labels.from({ ...labels, [METRIC_NAME]: name }), timeNanos: nanos(now), value, unit, help };
}
