/** A line in the log for each alert of a notification. */
import type { Channel, Logger, Notification, Receipt } from '../ports.ts';

export class LogChannel implements Channel {
  readonly kind = 'log';
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  async send({ idempotencyKey, receiver, alerts }: Notification): Promise<Receipt> {
    for (const { status, labels, annotations, value, fingerprint } of alerts) {
      this.#log.warn({ idempotencyKey, receiver, status, labels, annotations, value, fingerprint }, `Alert ${status}.`);
    }
    return { sent: true, detail: `${alerts.length} line(s)` };
  }
}
