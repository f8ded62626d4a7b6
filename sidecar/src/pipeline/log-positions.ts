/**
 * Which messages of each durable log have been taken in; kept across restarts as ranges, `<log>@<from>` to `sequence`.
 * Each reading of a log tells up to where it is settled: holes below (expired, deleted) go, so ranges stay few.
 */
import { SequenceLedger, type SequenceRange } from '@tapewatch/core';
import type { Envelope, Recovery } from '../ports.ts';

interface Log {
  readonly ledger: SequenceLedger;
  settledThrough: number;
}

export class LogPositions {
  readonly #logs = new Map<string, Log>();

  constructor(known: Recovery['positions']) {
    const byLog = new Map<string, SequenceRange[]>();
    for (const { log, sequence } of known) {
      const at = log.lastIndexOf('@');
      const name = log.slice(0, at);
      const from = Number(log.slice(at + 1));
      if (at > 0 && Number.isInteger(from)) byLog.set(name, [...(byLog.get(name) ?? []), { from, to: sequence }]);
    }
    for (const [name, ranges] of byLog) this.#logs.set(name, { ledger: new SequenceLedger(ranges), settledThrough: 0 });
  }

  /** The range that now holds the message; undefined when it had been taken in before. Read it at once: it grows. */
  add(position: NonNullable<Envelope['position']>): SequenceRange | undefined {
    let log = this.#logs.get(position.log);
    if (log === undefined) this.#logs.set(position.log, (log = { ledger: new SequenceLedger(), settledThrough: 0 }));
    const { settledThrough = 0 } = position;
    if (settledThrough > log.settledThrough) {
      log.settledThrough = settledThrough;
      log.ledger.settleThrough(settledThrough);
    }
    return log.ledger.add(position);
  }
}
