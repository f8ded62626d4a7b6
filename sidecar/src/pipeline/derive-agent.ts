/**
 * How well agents predict, how sure they are and how much they agree (MET-63, MET-68, TRD-28). An outcome is compared with
 * the prediction it states, else with that of its signal, of which the last ones are remembered. After a restart the
 * means begin anew.
 */
import { AGENT_WINDOW } from '@tapewatch/contract';
import type { Signal } from '@tapewatch/core';
import type { DerivedWriter } from './derive-event.ts';
import { forgetFirst, RollingMeans } from './rolling-mean.ts';

const MAX_AGENTS = 10_000;
/** Predictions that wait for their outcome; past it the oldest is forgotten. */
const MAX_OPEN = 100_000;

type Result = 'right' | 'wrong' | 'flat' | 'unknown';

export class AgentFigures {
  readonly #predictions = new Map<string, number>();
  readonly #accuracy = new RollingMeans(AGENT_WINDOW, MAX_AGENTS);
  readonly #confidence = new RollingMeans(AGENT_WINDOW, MAX_AGENTS);
  readonly #consensus = new RollingMeans(AGENT_WINDOW, MAX_AGENTS);

  derive(signal: Signal, write: DerivedWriter): void {
    const { agent, timeNanos } = signal;
    switch (signal.event) {
      case 'prediction':
        return this.#predicted(signal, write);
      case 'outcome':
        return this.#cameTrue(signal, write);
      case 'failure':
        return write.count('agent_failures_total', [agent, signal.reason || 'unknown'], timeNanos, 1);
    }
  }

  #predicted(signal: Signal, write: DerivedWriter): void {
    const { agent, signalId, timeNanos, prediction, confidence, consensus } = signal;
    if (prediction !== null) {
      this.#predictions.set(keyOf(agent, signalId), prediction);
      forgetFirst(this.#predictions, MAX_OPEN);
    }
    write.count('agent_predictions_total', [agent], timeNanos, 1);
    if (confidence !== null) {
      const mean = this.#confidence.add(agent, confidence);
      write.sample('agent_confidence_ratio', [agent], timeNanos, mean);
    }
    if (consensus !== null) {
      const mean = this.#consensus.add(agent, consensus);
      write.sample('agent_consensus_ratio', [agent], timeNanos, mean);
    }
  }

  #cameTrue({ agent, signalId, timeNanos, prediction, outcome }: Signal, write: DerivedWriter): void {
    const key = keyOf(agent, signalId);
    const result = resultOf(prediction ?? this.#predictions.get(key) ?? null, outcome);
    this.#predictions.delete(key);
    write.count('agent_outcomes_total', [agent, result], timeNanos, 1);
    if (result === 'right' || result === 'wrong') {
      const share = this.#accuracy.add(agent, result === 'right' ? 1 : 0);
      write.sample('agent_accuracy_ratio', [agent], timeNanos, share);
    }
  }
}

function resultOf(prediction: number | null, outcome: number | null): Result {
  if (prediction === null || outcome === null) return 'unknown';
  if (prediction === 0 || outcome === 0) return 'flat';
  return prediction > 0 === outcome > 0 ? 'right' : 'wrong';
}

function keyOf(agent: string, signalId: string): string {
  return `${agent}\0${signalId}`;
}
