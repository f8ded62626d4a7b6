/** The channel port: where notifications go. */

export interface Notification {
  /** Same for a repeat of the same delivery: receivers can drop it. */
  readonly idempotencyKey: string;
  /** Identity of the group: its route's path and its group labels. */
  readonly groupKey: string;
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly alerts: readonly NotifiedAlert[];
}

export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtNanos: bigint;
  /** Null while firing. */
  readonly endsAtNanos: bigint | null;
  readonly value: number;
  readonly fingerprint: string;
}

/** The one question a channel answers: sent, or failed and worth another try? Retries live outside. */
export type Receipt =
  | { readonly sent: true; readonly detail: string }
  | {
      readonly sent: false;
      readonly retryable: boolean;
      readonly detail: string;
      /** The receiver's own wish (`Retry-After`). */
      readonly retryAfterMs?: number;
    };

export interface Channel {
  readonly kind: string;
  send(notification: Notification, signal: AbortSignal): Promise<Receipt>;
}
