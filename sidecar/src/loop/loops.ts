/**
 * The sidecar's own loops: work that is done again after a period, each by itself. A run that is not done when its next
 * turn comes is not doubled; the turn is counted as skipped. A failure is logged and counted, and the loop goes on.
 */
import type { Clock, Logger, LoopTelemetry } from '../ports.ts';

export interface Loop {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly run: () => Promise<void> | void;
}

export interface Loops {
  /** Stops all and resolves when the runs under way are done. */
  close(): Promise<void>;
}

export interface LoopDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: LoopTelemetry;
}

export function startLoops(deps: LoopDeps, loops: readonly Loop[]): Loops {
  const underWay = new Map<string, Promise<void>>();
  const stops = loops.map((loop) => {
    const { name, intervalSeconds } = loop;
    deps.telemetry.started(name, intervalSeconds);
    deps.log.info({ loop: name, intervalSeconds }, 'A loop was started.');
    return deps.clock.every(intervalSeconds * 1000, () => {
      if (underWay.has(name)) {
        deps.telemetry.ran(name, 0, 'skipped');
        return;
      }
      underWay.set(
        name,
        turn(loop, deps).finally(() => underWay.delete(name)),
      );
    });
  });
  return {
    async close() {
      for (const stop of stops) stop();
      await Promise.all(underWay.values());
    },
  };
}

async function turn({ name, run }: Loop, { clock, log, telemetry }: LoopDeps): Promise<void> {
  const started = clock.now();
  const seconds = (): number => Number(clock.now() - started) / 1e9;
  try {
    await run();
    telemetry.ran(name, seconds(), 'ok');
    log.debug({ loop: name, seconds: seconds() }, 'A loop ran.');
  } catch (error) {
    telemetry.ran(name, seconds(), 'failed');
    log.warn({ loop: name, err: error }, 'A run of a loop failed; it runs again after its period.');
  }
}
