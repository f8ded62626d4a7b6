/** Which messages of each durable log have been taken in; kept across restarts as ranges, `<log>@<from>` to `sequence`. */
import { SequenceLedger, type SequenceRange } from '@tapewatch/core';
import type { Envelope, Recovery } from '../ports.ts';

export class LogPositions {
  readonly #ledgers = new Map<string, SequenceLedger>();

  constructor(known: Recovery['positions']) {
    const byLog = new Map<string, SequenceRange[]>();
    for (const { log, sequence } of known) {
      const at = log.lastIndexOf('@');
      const name = log.slice(0, at);
      const from = Number(log.slice(at + 1));
      if (at > 0 && Number.isInteger(from)) byLog.set(name, [...(byLog.get(name) ?? []), { from, to: sequence }]);
    }
    for (const [log, ranges] of byLog) this.#ledgers.set(log, new SequenceLedger(ranges));
  }

  /** The range that now holds the message; undefined when it had been taken in before. Read it at once: it grows. */
  add(position: NonNullable<Envelope['position']>): SequenceRange | undefined {
    let ledger = this.#ledgers.get(position.log);
    if (ledger === undefined) this.#ledgers.set(position.log, (ledger = new SequenceLedger()));
    return ledger.add(position);
  }
}
